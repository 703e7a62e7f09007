// The controls of a kit. Each writes into `state` and tells that something changed.

import {api} from '../lib/api.js';
import {fill, h, say} from '../lib/dom.js';
import {choice, field, tick} from '../lib/forms.js';
import {number, percent} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {toastError} from '../lib/toast.js';
import {logo} from './logo.js';

const STYLES = ['clean', 'boxed', 'karaoke', 'pop', 'bold', 'minimal', 'news'];
const CAPTIONS = ['burn', 'soft', 'sidecar', 'none'];
const ASPECTS = ['source', '9:16', '16:9', '1:1', '4:5'];
const FRAMINGS = ['auto', 'face', 'centre', 'blur'];
const PLACES = ['top-left', 'top-right', 'bottom-left', 'bottom-right', 'centre'];
const QUALITIES = ['draft', 'standard', 'high', 'archive'];
const JUMPS = ['silence', 'fillers'];
const LOUDNESS = -14;

/** All of them. */
export function fields(state, changed, signal) {
  const {render} = state;
  const select = (key, words, text) => {
    const element = choice(words.map((word) => [word, text(word)]), render[key], {onchange: () => { render[key] = element.value; changed(); }});
    return element;
  };
  const slider = (key, from, to, step, tell) => {
    const output = h('output', {class: 'vc-number'}, tell(render[key]));
    const element = h('input', {type: 'range', min: from, max: to, step, value: render[key], oninput: () => { render[key] = Number(element.value); say(output, tell(render[key])); changed(); }});
    return h('span', {class: 'vc-slider'}, element, output);
  };
  const ranged = (label, key, from, to, step, tell) => h('label', {class: 'vc-field'}, h('span', {}, label), slider(key, from, to, step, tell));
  const box = (key, text) => tick(text, {checked: render[key], onchange: (event) => { render[key] = event.target.checked; changed(); }});
  const style = select('style', STYLES, (word) => t(`brand.style.${word}`));
  const captions = select('captions', CAPTIONS, (word) => t(`brand.captions.${word}`));
  const follow = () => { style.disabled = captions.value !== 'burn'; if (style.disabled) style.value = 'clean'; };
  captions.addEventListener('change', follow);
  follow();
  return [
    group(t('brand.about'), field(t('settings.name'), h('input', {type: 'text', required: true, maxlength: 100, value: state.name, oninput: (event) => { state.name = event.target.value; changed(); }})),
      field(t('brand.description'), h('input', {type: 'text', maxlength: 2000, value: state.description, oninput: (event) => { state.description = event.target.value; changed(); }}))),
    group(t('brand.captions'), field(t('brand.captions.how'), captions), field(t('brand.style'), style)),
    group(t('brand.shape'), field(t('brand.aspect'), select('aspect', ASPECTS, (word) => (word === 'source' ? t('brand.aspect.source') : word))),
      field(t('brand.framing'), select('framing', FRAMINGS, (word) => t(`brand.framing.${word}`)))),
    group(t('brand.mark'), logo(render, changed, signal),
      field(t('brand.place'), select('watermark_place', PLACES, (word) => t(`brand.place.${word}`))),
      ranged(t('brand.opacity'), 'watermark_opacity', 0.05, 1, 0.05, (value) => percent(value)),
      ranged(t('brand.size'), 'watermark_size', 0.02, 0.6, 0.01, (value) => percent(value)),
      ranged(t('brand.margin'), 'watermark_margin', 0, 0.2, 0.01, (value) => percent(value))),
    group(t('brand.around'), extra('intro', render, changed, signal), extra('outro', render, changed, signal),
      ranged(t('brand.title-card'), 'title_card_ms', 0, 5000, 250, (value) => (value ? t('brand.seconds', {value: number(value / 1000, 2)}) : t('brand.no')))),
    group(t('brand.sound'), loudness(render, changed), box('denoise', t('brand.denoise')), box('level_dialogue', t('brand.level'))),
    group(t('brand.rest'), field(t('brand.quality'), select('quality', QUALITIES, (word) => t(`brand.quality.${word}`))),
      ranged(t('brand.speed'), 'speed', 50, 200, 5, (value) => `${value} %`),
      ranged(t('brand.fade'), 'crossfade_ms', 0, 2000, 100, (value) => (value ? t('brand.seconds', {value: number(value / 1000, 1)}) : t('brand.no'))),
      JUMPS.map((word) => tick(t(`brand.jump.${word}`), {checked: render.jump_cuts.includes(word), onchange: (event) => {
        render.jump_cuts = JUMPS.filter((one) => (one === word ? event.target.checked : render.jump_cuts.includes(one)));
        changed();
      }}))),
  ];
}

const group = (title, ...children) => h('fieldset', {class: 'vc-group'}, h('legend', {}, title), h('div', {class: 'vc-grid'}, children));

function loudness(render, changed) {
  const input = h('input', {type: 'number', min: -40, max: -5, step: 0.5, value: render.loudness ?? LOUDNESS, disabled: render.loudness === null, 'aria-label': t('brand.loudness'), oninput: () => { if (input.validity.valid && input.value) { render.loudness = Number(input.value); changed(); } }});
  return h('div', {class: 'vc-stack'}, tick(t('brand.loudness.keep'), {checked: render.loudness === null, onchange: (event) => {
    render.loudness = event.target.checked ? null : Number(input.value) || LOUDNESS;
    input.disabled = event.target.checked;
    changed();
  }}), field(t('brand.loudness'), input, t('brand.loudness.hint')));
}

/** A video before or after the clip: one of the library. */
function extra(key, render, changed, signal) {
  const select = h('select', {onchange: () => { render[key] = select.value || null; changed(); }}, h('option', {value: ''}, t('brand.no')),
    render[key] && h('option', {value: render[key], selected: true}, render[key]));
  videos(signal).then((assets) => {
    const known = assets.map((asset) => [`asset:${asset.id}`, asset.name]);
    fill(select, h('option', {value: ''}, t('brand.no')), render[key] && !known.some(([id]) => id === render[key]) && h('option', {value: render[key]}, render[key]),
      known.map(([id, name]) => h('option', {value: id}, name)));
    select.value = render[key] || '';
  }, toastError);
  return field(t(`brand.${key}`), select);
}

let found = null;

/** Videos of the library, for a minute. */
export async function videos(signal) {
  if (!found || found.until < Date.now() || found.signal.aborted) {
    found = {until: Date.now() + 60_000, signal, list: api.get('/assets', {kind: 'video', limit: 200}, {signal}).then(({assets}) => assets)};
  }
  return found.list;
}
