// The settings of a kit beside a frame that follows them.

import {api} from '../lib/api.js';
import {h} from '../lib/dom.js';
import {button, sure} from '../lib/forms.js';
import {t} from '../lib/i18n.js';
import {beforeLeaving, go} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';
import {fields} from './fields.js';
import {frame} from './frame.js';

/** Defaults of the API: what is like them need not be kept. */
const DEFAULTS = {
  captions: 'burn', style: 'clean', aspect: 'source', framing: 'auto', watermark: null, watermark_place: 'top-right', watermark_opacity: 0.8, watermark_size: 0.12,
  watermark_margin: 0.03, intro: null, outro: null, title_card_ms: 0, loudness: -14, quality: 'standard', speed: 100, crossfade_ms: 0, denoise: false, level_dialogue: false, jump_cuts: [],
};

/** The elements of the page's body. */
export function editor(kit, signal) {
  const render = {...DEFAULTS, ...kit.render};
  const state = {name: kit.name, description: kit.description, render};
  const plain = () => JSON.stringify([state.name, state.description, state.render]);
  let saved = plain();
  const view = frame(state, signal);
  const changed = () => {
    if (state.render.captions !== 'burn') state.render.style = 'clean';
    save.disabled = plain() === saved;
    view.show();
  };
  const save = h('button', {type: 'submit', class: 'vc-button vc-main', disabled: true}, t('brand.save'));
  const send = async () => {
    const body = {name: state.name.trim(), description: state.description, render: state.render};
    const made = kit.id ? await api.put(`/presets/${kit.id}`, {...body, version: kit.version}) : await api.post('/presets', body);
    saved = plain();
    save.disabled = true;
    toast(t('brand.saved', {name: made.name}), {kind: 'good'});
    if (kit.id) kit.version = made.version;
    else await go('brand', {id: made.id}, {replace: true});
  };
  const form = h('form', {class: 'vc-kit-form', onsubmit: async (event) => {
    event.preventDefault();
    save.disabled = true;
    try {
      await send();
    } catch (error) {
      save.disabled = false;
      if (error.status === 409 && kit.id) toast(t('brand.changed-elsewhere'), {kind: 'bad', detail: t('brand.changed-elsewhere.do'), action: {text: t('brand.load'), run: () => { saved = plain(); go('brand', {id: kit.id, at: Date.now()}); }}});
      else toastError(error);
    }
  }}, fields(state, changed, signal), may('presets:write') && h('div', {class: 'vc-row vc-kit-save'}, save, button(t('brand.reset'), async () => {
    if (!await sure(t('brand.reset'), t('brand.reset.text'), t('brand.reset'))) return;
    saved = plain();
    await go('brand', kit.id ? {id: kit.id, at: Date.now()} : {});
  }, {kind: ''})));
  const guard = async () => {
    if (plain() === saved || await sure(t('brand.unsaved'), t('brand.unsaved.text'), t('brand.leave'))) return true;
    beforeLeaving(guard);
    return false;
  };
  beforeLeaving(guard);
  view.show();
  return h('div', {class: 'vc-kit-parts'}, form, view.element);
}
