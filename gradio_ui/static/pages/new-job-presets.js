// Looks with a name: take one, or keep the one that is chosen.

import {api} from '../lib/api.js';
import {ask, fill, h} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {may} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';
import {asRequest, withRender} from './new-job-wishes.js';

/** A line with the presets of the workspace; `again` is called when one was taken. */
export function presetChooser(wishes, again, signal) {
  const line = h('div', {class: 'vc-row vc-presets'});
  const show = async (chosen = '') => {
    const presets = [];
    for await (const one of api.each('/presets', 'presets', {}, {signal})) presets.push(one);
    const select = h('select', {'aria-label': t('new.preset'), onchange: () => {
      const preset = presets.find((one) => one.id === select.value);
      if (preset) withRender(wishes, preset.render);
      wishes.preset = select.value;
      again();
    }}, h('option', {value: ''}, t('new.preset.none')), presets.map((one) => h('option', {value: one.id, selected: one.id === (chosen || wishes.preset)}, one.name)));
    fill(line, presets.length ? h('label', {class: 'vc-row'}, h('span', {}, t('new.preset')), select) : null,
      may('presets:write') && h('button', {type: 'button', class: 'vc-button vc-small', onclick: () => keep(wishes, show)}, t('new.preset.keep')));
  };
  show().catch(() => {}); // without presets one can do everything else
  return line;
}

async function keep(wishes, show) {
  const name = h('input', {type: 'text', maxlength: 200, required: true, 'aria-label': t('name')});
  const sure = await ask(t('new.preset.keep'), h('label', {class: 'vc-field'}, h('span', {}, t('name')), name), [
    {text: t('close'), value: false}, {text: t('save'), value: true, kind: 'main'},
  ]);
  if (!sure || !name.value.trim()) return;
  try {
    const made = await api.post('/presets', {name: name.value.trim(), description: '', render: asRequest(wishes).render});
    wishes.preset = made.id;
    toast(t('new.preset.kept', {name: made.name}), {kind: 'good'});
    await show(made.id);
  } catch (error) {
    toastError(error);
  }
}
