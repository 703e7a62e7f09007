/** Two people at one review: what each of them changed, put together where they did not change the same. */

import {changeOf} from './diff.js';
import {isEqual} from './ranges.js';

/**
 * @param {import('./words.js').Words} words ours.
 * @param {{texts: string[], speakers: (string|null)[]}} base what both began with.
 * @param {{texts: string[], speakers: (string|null)[]}} theirs
 * @returns {{take: Array, clash: Array}} `take`: `[place, word]` to take over; `clash`: `{place, mine, theirs}`.
 */
export function mergeWords(words, base, theirs) {
  const take = [];
  const clash = [];
  words.list.forEach((word, place) => {
    const text = merged(word.text, base.texts[place], theirs.texts[place]);
    const speaker = merged(word.speaker ?? null, base.speakers[place], theirs.speakers[place]);
    if (text.clash || speaker.clash) {
      clash.push({
        place,
        mine: text.clash ? word.text : word.speaker,
        theirs: text.clash ? theirs.texts[place] : theirs.speakers[place],
        word: {...word, text: theirs.texts[place], speaker: theirs.speakers[place], corrected: true},
      });
    } else if (text.value !== word.text || speaker.value !== (word.speaker ?? null)) {
      const other = {...word, text: text.value, speaker: speaker.value};
      if (text.value !== word.text) Object.assign(other, {confidence: null, corrected: true});
      take.push([place, other]);
    }
  });
  return {take, clash};
}

/**
 * A clip that two have changed.
 * @returns {{clip: object, clash: string[]}} ours with what only they changed; names of what both changed.
 */
export function mergeClip(clip, base, theirs) {
  const mine = Object.keys(changeOf(clip, base) ?? {});
  const other = Object.keys(changeOf(theirs, base) ?? {});
  const put = {...clip};
  const clash = [];
  for (const field of other) {
    const same = field === 'ranges' ? isEqual(clip.ranges, theirs.ranges) : JSON.stringify(clip[field]) === JSON.stringify(theirs[field]);
    if (!mine.includes(field)) put[field] = theirs[field];
    else if (!same) clash.push(field);
  }
  return {clip: put, clash};
}

function merged(mine, base, theirs) {
  if (theirs === base || theirs === mine) return {value: mine};
  return mine === base ? {value: theirs} : {value: mine, clash: true};
}
