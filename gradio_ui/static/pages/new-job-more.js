// Everything that one seldom changes.

import {boot} from '../lib/boot.js';
import {h} from '../lib/dom.js';
import {locale, t} from '../lib/i18n.js';
import {recall, remember} from '../lib/store.js';
import {choice} from './new-job-sentence.js';

const LANGUAGES = ['auto', 'zh', 'en', 'yue', 'ja', 'ko'];
const SPEEDS = [75, 90, 100, 110, 125, 150];

/** The folded part of the form. */
export function more(wishes, changed) {
  const field = (label, control, hint) => h('label', {class: 'vc-field'}, h('span', {}, label), control, hint && h('small', {class: 'vc-faint'}, hint));
  const select = (key, words, text, label) => field(label, choice(wishes, key, words, text, label, changed));
  const area = (key, label, hint) => field(label, h('textarea', {
    rows: 3, value: wishes[key], oninput: (event) => { wishes[key] = event.target.value; changed(); },
  }), hint);
  const tick = (key, label) => h('label', {class: 'vc-tick'}, h('input', {
    type: 'checkbox', checked: wishes[key], onchange: (event) => { wishes[key] = event.target.checked; changed(); },
  }), h('span', {}, label));
  const speeds = [...new Set([...SPEEDS, wishes.speed])].sort((a, b) => a - b).map(String);
  const speed = choice({speed: String(wishes.speed)}, 'speed', speeds, (word) => `${Number(word) / 100}×`, t('new.speed'), () => {});
  speed.addEventListener('change', () => { wishes.speed = Number(speed.value); changed(); });
  const element = h('details', {class: 'vc-more', open: recall('new.more', false)}, h('summary', {}, t('new.more.title')),
    h('fieldset', {}, h('legend', {}, t('new.part.speech')), h('div', {class: 'vc-grid'},
      select('genre', boot.choices.genre, (word) => t(`genre.${word}`), t('new.genre')),
      select('language', [...new Set([...LANGUAGES, wishes.language])], languageText, t('new.language')),
      area('hotwords', t('new.hotwords'), t('new.hotwords.hint')),
      area('products', t('new.products'), t('new.products.hint')))),
    h('fieldset', {}, h('legend', {}, t('new.part.picture')), h('div', {class: 'vc-grid'},
      select('framing', boot.choices.framing, (word) => t(`framing.${word}`), t('new.framing')),
      select('quality', boot.choices.quality, (word) => t(`quality.${word}`), t('new.quality')),
      field(t('new.speed'), speed)),
    tick('titleCard', t('new.title-card')), tick('look', t('new.look'))),
    h('fieldset', {}, h('legend', {}, t('new.part.sound')),
      tick('denoise', t('new.denoise')), tick('levelDialogue', t('new.level')), tick('silence', t('new.silence')), tick('fillers', t('new.fillers'))));
  element.addEventListener('toggle', () => remember('new.more', element.open || undefined));
  return element;
}

function languageText(word) {
  if (word === 'auto') return t('new.language.auto');
  try {
    return new Intl.DisplayNames([locale()], {type: 'language'}).of(word);
  } catch {
    return word;
  }
}
