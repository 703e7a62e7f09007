// What is on its way: a row a file, and all of them together.

import {ask, fill, h, keyed, say} from '../lib/dom.js';
import {about, bytes, percent, rate} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {bar, explain} from '../lib/page.js';
import {uploads} from '../lib/uploads.js';

/** The list; it is not there when nothing is on its way. */
export function uploadList(signal) {
  const all = h('p', {class: 'vc-faint vc-number', role: 'status'});
  const rows = h('ul', {class: 'vc-uploads'});
  const box = h('section', {class: 'vc-panel', 'aria-label': t('upload.all'), hidden: true}, all, rows);
  const show = () => {
    box.hidden = !uploads.list.length;
    keyed(rows, uploads.list, (one) => one.id, (one) => row(one), (element) => element.update());
    const {active, sent, size, rate: speed, left_ms: left} = uploads.overall();
    say(all, active > 1 ? [t('upload.overall', {count: active, percent: percent(sent, size)}), speed && rate(speed), about(left)].filter(Boolean).join(' · ') : '');
    all.hidden = !all.textContent;
  };
  uploads.addEventListener('change', show, {signal});
  show();
  return box;
}

function row(upload) {
  const progress = bar(upload.name);
  const text = h('span', {class: 'vc-number'});
  const buttons = h('div', {class: 'vc-row'});
  const choose = h('input', {type: 'file', hidden: true, onchange: () => { uploads.add(choose.files); choose.value = ''; }});
  const button = (label, run, kind = '') => h('button', {type: 'button', class: ['vc-button vc-small', kind], 'aria-label': `${label}: ${upload.name}`, onclick: run}, label);
  const element = h('li', {class: 'vc-upload'}, h('span', {class: 'vc-asset-name', title: upload.name}, upload.name), progress, text, buttons, choose);
  let shown = '';
  element.update = () => {
    progress.show(upload.sent, upload.state === 'checking' ? null : upload.size || 1);
    element.classList.toggle('vc-failed', upload.state === 'refused');
    say(text, words(upload));
    if (shown === upload.state) return;
    shown = upload.state;
    const stop = () => remove(upload);
    fill(buttons, {
      waiting: () => [button(t('upload.stop'), stop)],
      sending: () => [button(t('upload.pause'), () => uploads.pause(upload)), button(t('upload.stop'), stop)],
      away: () => [button(t('upload.stop'), stop)],
      checking: () => [],
      paused: () => [button(t('upload.resume'), () => uploads.resume(upload), 'vc-main'), button(t('upload.stop'), stop)],
      lost: () => [button(t('upload.choose'), () => choose.click(), 'vc-main'), button(t('upload.stop'), stop)],
      refused: () => [upload.file && button(t('again'), () => uploads.resume(upload)), button(t('close'), () => uploads.remove(upload))],
      done: () => [],
    }[upload.state]());
  };
  return element;
}

function words(upload) {
  const share = percent(upload.sent, upload.size);
  if (upload.state === 'sending') {
    return [t('upload.sending', {percent: share}), about(upload.left), upload.rate && rate(upload.rate), bytes(upload.size)].filter(Boolean).join(' · ');
  }
  if (upload.state === 'refused') {
    const {title, detail} = explain(upload.error);
    return [title, detail].filter(Boolean).join('. ');
  }
  return t(`upload.${upload.state}`, {percent: share});
}

async function remove(upload) {
  if (upload.sent > 0) {
    const sure = await ask(t('upload.stop.title'), t('upload.stop.text', {name: upload.name}), [
      {text: t('keep'), value: false, autofocus: true}, {text: t('upload.stop'), value: true, kind: 'danger'},
    ]);
    if (!sure) return;
  }
  await uploads.remove(upload);
}
