// One row of the transcript: time, speaker, words. What was said is hostile text, and only ever becomes text.

import {h} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {UNSURE} from './words.js';

/** A colour for each speaker, the same wherever the name stands. */
export function hueOf(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return (sum * 137) % 360; // neighbours such as S1 and S2 are far apart
}

/** Make the row of a sentence; its clicks are handled by the list. */
export function makeRow(model, row, lights) {
  const {words} = model;
  const {first, last} = words.sentences[row];
  const name = words.speakerOf(row);
  const again = row > 0 && words.speakerOf(row - 1) === name;
  const text = h('p', {class: 'rv-words', dir: 'auto'});
  for (let place = first; place <= last; place += 1) {
    const word = document.createElement('span');
    word.className = classesOf(model, place, lights);
    word.dataset.place = place;
    word.textContent = words.at(place).text;
    text.append(word, words.spaceAfter(place) ? ' ' : '');
  }
  return h('div', {class: 'rv-row', role: 'listitem', dataset: {row}},
    h('span', {class: 'rv-time'}, length(words.at(first).start_ms)),
    h('button', {
      type: 'button', class: ['rv-chip', again && 'rv-again'], tabindex: -1, dataset: {chip: row},
      style: name === null ? {} : {'--hue': hueOf(name)},
      'aria-label': t('review.speaker.of', {name: name ?? t('review.speaker.none')}), title: name ?? t('review.speaker.none'),
    }, name ?? '–'),
    text);
}

/** Bring what a row's words show up with the state. */
export function paintRow(element, model, lights) {
  for (const word of element.querySelectorAll('.rv-word')) {
    const classes = classesOf(model, Number(word.dataset.place), lights);
    if (word.className !== classes) word.className = classes;
  }
}

/** How a word looks: how sure it is, in the clip or struck out, selected, found, said now. */
function classesOf(model, place, {hits, hit, now}) {
  const {confidence, corrected} = model.words.at(place);
  const {selection} = model;
  const state = model.wordState(place);
  let classes = 'rv-word';
  if (typeof confidence === 'number' && confidence < UNSURE) classes += ' rv-unsure';
  if (corrected) classes += ' rv-corrected';
  if (state) classes += ` rv-${state}`;
  if (selection !== null && selection.first <= place && place <= selection.last) classes += ' rv-selected';
  if (model.cursor === place) classes += ' rv-cursor';
  if (hits.has(place)) classes += ' rv-hit';
  if (hit !== null && hit[0] <= place && place <= hit[1]) classes += ' rv-hit-now';
  return now === place ? `${classes} rv-now` : classes;
}
