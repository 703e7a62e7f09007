// Short notes at the edge of the page; errors stay until they are closed.

import {h} from './dom.js';
import {t} from './i18n.js';
import {explain} from './page.js';
import {onMove} from './router.js';

const STAYS_MS = 5000;
let shelf = null;

// What one was told on one page is of no use on the next; errors stay.
onMove(() => { for (const note of shelf?.querySelectorAll('.vc-toast:not(.vc-bad)') || []) note.remove(); });

/** Tell something. `action`: {text, run}; `kind`: "good", "bad" or nothing. Gives a function that takes it away. */
export function toast(text, {kind = '', action, detail} = {}) {
  shelf ??= h('div', {class: 'vc-toasts', role: 'region', 'aria-label': t('toasts')});
  if (!shelf.isConnected) (document.querySelector('vc-app') || document.body).append(shelf);
  const note = h('div', {class: ['vc-toast', kind && `vc-${kind}`], role: kind === 'bad' ? 'alert' : 'status'},
    h('div', {}, h('strong', {}, text), detail && h('div', {}, detail)),
    action && h('button', {type: 'button', class: 'vc-button vc-small', onclick: () => { close(); action.run(); }}, action.text),
    h('button', {type: 'button', class: 'vc-icon', 'aria-label': t('close'), onclick: () => close()}, '×'));
  const close = () => note.remove();
  shelf.append(note);
  if (kind !== 'bad') setTimeout(close, action ? STAYS_MS * 2 : STAYS_MS);
  return close;
}

/** Tell an error. */
export function toastError(error) {
  if (error?.name === 'AbortError') return () => {};
  const {title, detail} = explain(error);
  return toast(title, {kind: 'bad', detail});
}
