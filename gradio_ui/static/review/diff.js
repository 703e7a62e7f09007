/** What differs between the review and what the server has, in the words of the API. */

import {isEqual} from './ranges.js';

/** What the server has of a transcript, to be compared with; places as in `Words`. */
export function snapshotOf(words) {
  return {texts: words.list.map((word) => word.text), speakers: words.list.map((word) => word.speaker ?? null)};
}

/** The same of a transcript as the API gives it. */
export function flatten(content) {
  const words = content.sentences.flatMap((sentence) => sentence.words);
  return {texts: words.map((word) => word.text), speakers: words.map((word) => word.speaker ?? null)};
}

/**
 * A correction that makes the server's transcript ours; null: there is nothing to correct.
 * Speakers go as new names of all their words where that is the whole truth, else sentence by sentence.
 */
export function correctionOf(words, saved, most = 4000) {
  const texts = [];
  const renamed = new Map();
  const changedRows = new Set();
  words.list.forEach((word, place) => {
    if (word.text !== saved.texts[place]) texts.push({id: word.id, text: word.text});
    const old = saved.speakers[place];
    const now = word.speaker ?? null;
    if (old !== now) changedRows.add(word.row);
    if (old !== null) {
      if (!renamed.has(old)) renamed.set(old, now);
      else if (renamed.get(old) !== now) renamed.set(old, undefined);
    }
  });
  if (!texts.length && !changedRows.size) return null;
  const whole = (row) => {
    const {first, last} = words.sentences[row];
    for (let place = first; place <= last; place += 1) {
      const old = saved.speakers[place];
      if (old === null ? words.at(place).speaker != null : renamed.get(old) == null) return false;
    }
    return true;
  };
  const byName = [...changedRows].filter(whole);
  const rest = [...changedRows].filter((row) => !whole(row));
  const speakers = {};
  for (const row of byName) {
    const {first, last} = words.sentences[row];
    for (let place = first; place <= last; place += 1) {
      const old = saved.speakers[place];
      if (old !== null && renamed.get(old) !== old) speakers[old] = renamed.get(old);
    }
  }
  const named = rest.map((row) => words.sentences[row]).map(({id, first}) => ({id, speaker: words.at(first).speaker ?? null}));
  if (named.some(({speaker}) => speaker !== null && speaker in speakers)) {
    // The server renames after it has assigned: a name that is both would be renamed again.
    return part([...changedRows].map((row) => words.sentences[row]).map(({id, first}) => ({id, speaker: words.at(first).speaker ?? null})), texts, {}, most);
  }
  return part(named, texts, speakers, most);
}

function part(sentences, texts, speakers, most) {
  return {words: texts.slice(0, most), sentences: sentences.slice(0, most), speakers};
}

export function sameRender(one, other) {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => JSON.stringify(one[key]) === JSON.stringify(other[key]));
}

/** The fields of an edited clip that differ from the server's; null: none. */
export function changeOf(clip, spec) {
  const change = {};
  if (clip.title !== spec.title) change.title = clip.title;
  if (!isEqual(clip.ranges, spec.ranges)) change.ranges = clip.ranges;
  if (!sameRender(clip.render, spec.render)) change.render = clip.render;
  return Object.keys(change).length ? change : null;
}
