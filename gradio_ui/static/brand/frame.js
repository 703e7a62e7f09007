// The frame beside the settings: one picture of a video in the kit's style, made anew a moment after each change.

import {request} from '../lib/api.js';
import {fill, h, say} from '../lib/dom.js';
import {choice, field} from '../lib/forms.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {explain} from '../lib/page.js';
import {recall, remember} from '../lib/store.js';
import {videos} from './fields.js';

const CALM_MS = 350;

/** {element, show}: `show` makes the picture anew. */
export function frame(state, signal) {
  const kept = recall('brand.frame', {});
  const look = {asset: null, at: 0, text: kept.text ?? t('brand.sample'), title: t('brand.sample.title'), show: 'clip'};
  const picture = h('img', {alt: t('brand.frame')});
  const note = h('p', {role: 'status', class: 'vc-small vc-faint'});
  const place = h('div', {class: 'vc-frame'}, picture, h('span', {class: 'vc-frame-busy vc-spin', 'aria-hidden': 'true'}));
  let waiting = 0;
  let asking = null;
  let url = '';

  const busy = (is) => {
    place.classList.toggle('vc-busy', is);
    place.setAttribute('aria-busy', String(is));
  };
  const make = async () => {
    asking?.abort();
    asking = new AbortController();
    const {signal: ours} = asking;
    waiting = 0;
    try {
      const blob = await ask({render: state.render, asset_id: look.asset, at_ms: Math.round(look.at), text: look.text, title: state.name || look.title, show: look.show}, AbortSignal.any([ours, signal]));
      const old = url;
      url = URL.createObjectURL(blob);
      picture.src = url;
      await picture.decode().catch(() => {});
      if (old) URL.revokeObjectURL(old);
      say(note, t(look.show === 'clip' ? 'brand.frame.note' : 'brand.frame.title'));
      note.classList.remove('vc-error');
    } catch (error) {
      if (ours.aborted || signal.aborted) return;
      const told = explain(error);
      say(note, [told.title, told.detail].filter(Boolean).join('. '));
      note.classList.add('vc-error');
    }
    if (!ours.aborted && !waiting) busy(false);
  };
  // A change makes the picture an old one at once, not only when the new one is asked for.
  const show = () => {
    clearTimeout(waiting);
    busy(true);
    waiting = setTimeout(make, CALM_MS);
  };
  signal.addEventListener('abort', () => {
    clearTimeout(waiting);
    if (url) URL.revokeObjectURL(url);
  });

  const moment = h('input', {type: 'range', min: 0, max: 1000, step: 100, value: 0, disabled: true, 'aria-label': t('brand.moment'), oninput: () => { look.at = Number(moment.value); say(time, length(look.at)); show(); }});
  const time = h('output', {class: 'vc-number'}, '0:00');
  const source = choice([['', t('brand.ground')]], '', {});
  videos(signal).then((assets) => {
    fill(source, h('option', {value: ''}, t('brand.ground')), assets.map((asset) => h('option', {value: asset.id}, asset.name)));
    const take = (id) => {
      const asset = assets.find((one) => one.id === id);
      look.asset = asset?.id || null;
      look.at = asset ? Math.min(asset.duration_ms / 3, 60_000) : 0;
      moment.disabled = !asset;
      moment.max = String(asset?.duration_ms || 1000);
      moment.value = String(look.at);
      say(time, length(look.at));
      show();
    };
    source.addEventListener('change', () => { remember('brand.frame', {...kept, text: look.text, asset: source.value}); take(source.value); });
    const first = assets.find((one) => one.id === kept.asset) || assets[0];
    if (first) {
      source.value = first.id;
      take(first.id);
    }
  }, () => {});
  const words = h('input', {type: 'text', maxlength: 200, value: look.text, oninput: () => { look.text = words.value; remember('brand.frame', {...kept, text: look.text, asset: source.value}); show(); }});
  const what = choice([['clip', t('brand.show.clip')], ['title', t('brand.show.title')]], 'clip', {onchange: () => { look.show = what.value; show(); }});
  const element = h('aside', {class: 'vc-kit-frame', 'aria-label': t('brand.frame')}, place, note,
    h('div', {class: 'vc-grid'}, field(t('brand.video'), source), field(t('brand.show'), what)),
    h('label', {class: 'vc-field'}, h('span', {}, t('brand.moment')), h('span', {class: 'vc-slider'}, moment, time)), field(t('brand.words'), words));
  return {element, show};
}

/** The picture; one that is being made is asked for again. */
async function ask(body, signal) {
  for (;;) {
    const response = await request('POST', '/presets/preview', {json: body, signal, again: true});
    if (response.status !== 202) return response.blob();
    await new Promise((done) => { setTimeout(done, 1000 * (Number(response.headers.get('Retry-After')) || 1)); });
    signal.throwIfAborted();
  }
}
