// A sentence of the search as it is shown.

import {h} from '../lib/dom.js';

/** When what was looked for is said, in milliseconds. */
export function timeOf({found, start_ms: begin}) {
  return found[0]?.start_ms ?? begin;
}

/** The sentence with what was looked for marked; places count characters, as the server does. */
export function marked({text, found}) {
  const letters = [...text];
  const part = (from, to) => letters.slice(from, to).join('');
  const parts = [];
  let at = 0;
  for (const {begin, end} of [...found].sort((a, b) => a.begin - b.begin)) {
    if (begin < at) continue;
    parts.push(part(at, begin), h('mark', {}, part(begin, end)));
    at = end;
  }
  return [...parts, part(at)];
}
