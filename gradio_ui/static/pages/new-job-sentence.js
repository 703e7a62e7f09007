// "Make [5] clips of [30–60 s] about [everything] in [9:16] with [clean] captions."

import {boot} from '../lib/boot.js';
import {h} from '../lib/dom.js';
import {parts, t} from '../lib/i18n.js';
import {LENGTHS} from './new-job-wishes.js';

/** The words with controls between them; each changes the wishes and says so. */
export function sentence(wishes, changed) {
  const controls = {
    count: () => h('input', {
      type: 'number', min: boot.choices.top[0], max: boot.choices.top[1], required: true, value: wishes.count, 'aria-label': t('new.count'), class: 'vc-short',
      oninput: (event) => { wishes.count = event.target.valueAsNumber || 1; changed(); },
    }),
    length: () => choice(wishes, 'lengths', [...new Set([...LENGTHS, wishes.lengths])], lengthText, t('new.length'), changed),
    prompt: () => h('input', {
      type: 'text', maxlength: 4000, value: wishes.prompt, placeholder: t('new.everything'), 'aria-label': t('new.prompt'), class: 'vc-long',
      oninput: (event) => { wishes.prompt = event.target.value; changed(); },
    }),
    aspect: () => choice(wishes, 'aspect', boot.choices.aspect, (word) => (word === 'source' ? t('new.aspect.source') : word), t('new.aspect'), changed),
    captions: () => choice(wishes, 'captions', [...boot.choices.style, ...boot.choices.captions.filter((word) => word !== 'burn')],
      (word) => t(`captions.${word}`), t('new.captions'), changed),
  };
  return parts('new.sentence').map((part) => (typeof part === 'string' ? part : controls[part.name]()));
}

/** A choice among words. */
export function choice(wishes, key, words, text, label, changed) {
  const select = h('select', {'aria-label': label, onchange: () => { wishes[key] = select.value; changed(); }},
    words.map((word) => h('option', {value: word, selected: word === wishes[key]}, text(word))));
  return select;
}

function lengthText(word) {
  const [shortest, longest] = word.split('-').map(Number);
  const whole = shortest % 60 === 0 && longest % 60 === 0;
  return whole ? t('new.length.minutes', {from: shortest / 60, to: longest / 60}) : t('new.length.seconds', {from: shortest, to: longest});
}
