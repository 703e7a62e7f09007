// The watermark: none, a text, or a logo that was uploaded.

import {api} from '../lib/api.js';
import {idOfRef, picture} from '../lib/assets.js';
import {add, fill, h} from '../lib/dom.js';
import {choice, field} from '../lib/forms.js';
import {t} from '../lib/i18n.js';
import {bar} from '../lib/page.js';
import {toast, toastError} from '../lib/toast.js';
import {begin, idOf, send} from '../lib/tus.js';

const ASK_MS = 400;
const MOST_BYTES = 32 * 2 ** 20;

/** The controls. */
export function logo(render, changed, signal) {
  const kind = !render.watermark ? 'none' : idOfRef(render.watermark) ? 'logo' : 'text';
  const more = h('div', {class: 'vc-stack'});
  const select = choice(['none', 'logo', 'text'].map((word) => [word, t(`brand.mark.${word}`)]), kind, {onchange: () => {
    render.watermark = null;
    show();
    changed();
  }});
  const show = () => {
    if (select.value === 'text') {
      const input = h('input', {type: 'text', maxlength: 200, value: idOfRef(render.watermark) ? '' : render.watermark || '', oninput: () => { render.watermark = input.value || null; changed(); }});
      fill(more, field(t('brand.mark.words'), input));
    } else if (select.value === 'logo') {
      fill(more, upload(render, changed, show, signal), known(render, changed, show, signal));
    } else {
      fill(more);
    }
  };
  show();
  return h('div', {class: 'vc-stack'}, field(t('brand.mark.kind'), select), more);
}

function upload(render, changed, show, signal) {
  const progress = bar(t('brand.mark.upload'));
  progress.hidden = true;
  const input = h('input', {type: 'file', accept: 'image/png,image/jpeg,image/webp', onchange: async () => {
    const [file] = input.files;
    if (!file) return;
    if (file.size > MOST_BYTES) {
      toast(t('brand.mark.large'), {kind: 'bad'});
      return;
    }
    input.disabled = true;
    progress.hidden = false;
    try {
      render.watermark = `asset:${await bring(file, signal, (sent) => progress.show(sent, file.size))}`;
      changed();
      show();
    } catch (error) {
      if (!signal.aborted) toastError(error);
      input.disabled = false;
      progress.hidden = true;
    }
  }});
  const id = idOfRef(render.watermark);
  return h('div', {class: 'vc-row'}, id && picture(id, signal), field(t('brand.mark.upload'), input, t('brand.mark.hint')), progress);
}

/** Upload a file and wait until the server has looked at it; gives the asset's id. */
async function bring(file, signal, told) {
  const url = await begin(file, signal);
  await send(file, url, {signal, onProgress: told, onLink: () => {}});
  for (;;) {
    const {state, asset_id: asset, error} = await api.get(`/uploads/${idOf(url)}`, {}, {signal});
    if (state === 'finished') return asset;
    if (state === 'refused') throw Object.assign(new Error(error?.cause), {code: error?.code, title: error?.cause, detail: error?.remedy});
    await new Promise((done) => { setTimeout(done, ASK_MS); });
  }
}

/** Logos that are there already. */
function known(render, changed, show, signal) {
  const list = h('div', {class: 'vc-row', role: 'group', 'aria-label': t('brand.mark.known')});
  api.get('/assets', {kind: 'image', limit: 12}, {signal}).then(({assets}) => {
    add(list, assets.map((asset) => h('button', {
      type: 'button', class: 'vc-logo', 'aria-label': t('brand.mark.use', {name: asset.name}), 'aria-pressed': String(render.watermark === `asset:${asset.id}`), title: asset.name,
      onclick: () => {
        render.watermark = `asset:${asset.id}`;
        changed();
        show();
      },
    }, picture(asset.id, signal))));
  }, () => {});
  return list;
}
