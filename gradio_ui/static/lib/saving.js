// Files that only who is signed in may have, saved by the browser: read in pieces, with progress, then handed over.

import {request} from './api.js';
import {h} from './dom.js';

/** Hand a Blob to the browser as a file. */
export function hand(blob, name) {
  const url = URL.createObjectURL(blob);
  h('a', {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Fetch what is at a path of the API and save it; `told(done)` hears of bytes. */
export async function save(path, name, {query, signal, told = () => {}} = {}) {
  const response = await request('GET', path, {query, signal});
  const type = response.headers.get('Content-Type') || 'application/octet-stream';
  const reader = response.body.getReader();
  let parts = [];
  let kept = [];
  let done = 0;
  let small = 0;
  for (;;) {
    const {value, done: over} = await reader.read();
    if (over) break;
    parts.push(value);
    done += value.length;
    small += value.length;
    if (small > 64 * 2 ** 20) { // a Blob may go to the disk; an array of pieces may not
      kept.push(new Blob(parts));
      parts = [];
      small = 0;
    }
    told(done);
  }
  kept = [...kept, ...parts];
  hand(new Blob(kept, {type}), name);
  return done;
}
