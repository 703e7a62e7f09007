// Somebody else has changed the same: what each wrote, and the choice between them.

import {ask, h} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';

const MOST = 12;

/** Ask which of two changes stays. Gives "mine" or "theirs"; leaving the dialog is no answer, so it is asked again. */
export async function askConflict(conflict, model) {
  const choices = [
    {text: t('review.conflict.theirs'), value: 'theirs'},
    {text: t('review.conflict.mine'), value: 'mine', kind: 'main', autofocus: true},
  ];
  for (;;) {
    const answer = await ask(t('review.conflict'), told(conflict, model), choices);
    if (answer) return answer;
  }
}

function told(conflict, model) {
  const rows = conflict.kind === 'words'
    ? conflict.clash.map(({place, mine, theirs}) => [length(model.words.at(place).start_ms), mine ?? '–', theirs ?? '–'])
    : conflict.clash.map((field) => [t(`review.field.${field}`), shown(field, conflict.clip), shown(field, conflict.theirs)]);
  return h('div', {class: 'rv-conflict'},
    h('p', {}, t(`review.conflict.${conflict.kind}`)),
    h('table', {},
      h('thead', {}, h('tr', {}, ['review.conflict.what', 'review.conflict.yours', 'review.conflict.other'].map((key) => h('th', {scope: 'col'}, t(key))))),
      h('tbody', {}, rows.slice(0, MOST).map((cells) => h('tr', {}, cells.map((cell) => h('td', {dir: 'auto'}, cell)))))),
    rows.length > MOST && h('p', {class: 'vc-faint'}, t('review.conflict.more', {count: rows.length - MOST})));
}

function shown(field, clip) {
  if (field === 'ranges') return clip.ranges.map((range) => `${length(range.start_ms, {tenths: true})}–${length(range.end_ms, {tenths: true})}`).join(', ');
  if (field === 'render') return `${clip.render.style ?? 'clean'}, ${clip.render.aspect ?? 'source'}, ${clip.render.captions ?? 'burn'}`;
  return String(clip[field] ?? '');
}
