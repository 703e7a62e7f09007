// Who speaks: chips above the transcript; a name is given everywhere, to one sentence, or merges two speakers.

import {fill, h, say} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {hueOf} from './rows.js';

const MOST_CHIPS = 12;

/** The chips of all speakers; a press asks for another name. */
export function speakerBar(model, rename) {
  const element = h('div', {class: 'rv-speakers', role: 'group', 'aria-label': t('review.speakers')});
  const draw = () => {
    const found = model.words.speakers();
    fill(element, found.slice(0, MOST_CHIPS).map(({name, sentences}) => h('button', {
      type: 'button', class: 'rv-chip', style: {'--hue': hueOf(name)}, title: t('review.speaker.rename', {name, count: sentences}),
      onclick: () => rename(name),
    }, name)));
  };
  draw();
  return {element, draw};
}

/**
 * Ask for a speaker's name.
 * @param {{name?: string, row?: number}} what a speaker everywhere, or the one of a row (there also for this row only).
 */
export function askSpeaker(model, {name, row}) {
  const old = row === undefined ? name : model.words.speakerOf(row);
  const known = model.words.speakers();
  const count = known.find((one) => one.name === old)?.sentences ?? 0;
  const field = h('input', {class: 'vc-input', value: old ?? '', maxlength: 80, list: 'rv-names', 'aria-label': t('review.speaker.name'), autocomplete: 'off'});
  const hint = h('p', {class: 'vc-faint', role: 'status'});
  const check = () => {
    const clean = field.value.trim();
    say(hint, clean && clean !== old && known.some((one) => one.name === clean) ? t('review.speaker.merge', {name: clean, old: old ?? '–'}) : '');
  };
  field.addEventListener('input', check);
  const close = () => { dialog.close(); dialog.remove(); };
  const everywhere = () => {
    if (old !== null) model.renameSpeaker(old, field.value);
    else model.setSpeaker([row], field.value);
    close();
  };
  const here = () => { model.setSpeaker([row], field.value); close(); };
  const dialog = h('dialog', {class: 'vc-dialog', 'aria-label': t('review.speaker.title')},
    h('h2', {}, t('review.speaker.title')),
    h('form', {method: 'dialog', onsubmit: (event) => { event.preventDefault(); everywhere(); }},
      field, h('datalist', {id: 'rv-names'}, known.map((one) => h('option', {value: one.name}))), hint,
      h('div', {class: 'vc-row vc-end'},
        h('button', {type: 'button', class: 'vc-button', onclick: close}, t('review.cancel')),
        row !== undefined && old !== null && h('button', {type: 'button', class: 'vc-button rv-here', onclick: here}, t('review.speaker.here')),
        h('button', {type: 'submit', class: 'vc-button vc-main'}, old === null ? t('review.speaker.give') : t('review.speaker.everywhere', {count})))));
  dialog.addEventListener('cancel', (event) => { event.preventDefault(); close(); });
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  (document.querySelector('vc-app') || document.body).append(dialog);
  dialog.showModal();
  field.select();
}
