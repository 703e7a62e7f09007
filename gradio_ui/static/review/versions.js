// All versions of the transcript: when each was written, and a way back to each.

import {add, h} from '../lib/dom.js';
import {ago} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {loading} from '../lib/page.js';
import {who} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';
import {flatten} from './diff.js';

/**
 * Show them; one that is chosen becomes the newest again, as a step that can be undone.
 * @param {import('./model.js').Model} model
 * @param {import('./remote.js').Remote} remote
 * @param {import('./saver.js').Saver} saver
 */
export async function showVersions(model, remote, saver) {
  const {transcript} = saver;
  if (!transcript) return;
  const place = h('div', {}, loading());
  const dialog = h('dialog', {class: 'vc-dialog rv-versions', 'aria-label': t('review.versions')}, h('h2', {}, t('review.versions')), place,
    h('div', {class: 'vc-row vc-end'}, h('button', {type: 'button', class: 'vc-button vc-main', autofocus: true, onclick: () => dialog.close()}, t('close'))));
  dialog.addEventListener('close', () => dialog.remove());
  (document.querySelector('vc-app') || document.body).append(dialog);
  dialog.showModal();
  const restore = async (version) => {
    dialog.close();
    try {
      const {texts, speakers} = flatten((await remote.transcript(transcript.id, version)).content);
      const count = model.restore(texts, speakers);
      toast(t('review.versions.back', {version, count}));
    } catch (error) {
      toastError(error);
    }
  };
  try {
    await saver.flush();
    const versions = await remote.versions(transcript.id);
    place.replaceChildren(h('ul', {class: 'rv-renders'}, versions.map((one) => h('li', {},
      add(h('span', {}), t('review.versions.one', {version: one.version, who: author(one.author), when: ago(one.created_ms)})),
      one.version !== transcript.version && h('button', {type: 'button', class: 'vc-button vc-small', onclick: () => restore(one.version)}, t('review.versions.restore', {version: one.version}))))));
  } catch (error) {
    dialog.close();
    toastError(error);
  }
}

function author(id) {
  if (id === null) return t('review.versions.recogniser');
  return id === who()?.user?.id ? t('review.versions.you') : t('review.versions.somebody');
}
