// Addresses and pages: moving within the UI loads nothing anew, so uploads and players go on.

import {boot} from './boot.js';

const listeners = new Set();
let guard = null;

/** Where one is: {page, query, hash}; page is a line of the table of pages, or null. */
export function place(url = location) {
  const path = url.pathname.replace(/\/+$/, '');
  const below = path === boot.base ? '' : path.startsWith(`${boot.base}/`) ? path.slice(boot.base.length + 1) : null;
  return {
    page: boot.pages.find((page) => page.path === below) || null,
    query: Object.fromEntries(new URLSearchParams(url.search)),
    hash: url.hash.slice(1),
  };
}

/** The address of a page: link('job', {id}). */
export function link(name, query = {}) {
  const page = boot.pages.find((one) => one.name === name);
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  const tail = words.toString();
  return `${boot.base}/${page ? page.path : ''}${tail ? `?${tail}` : ''}`;
}

/** Go to a page: go('job', {id}). */
export async function go(name, query = {}, {replace = false} = {}) {
  await goTo(link(name, query), {replace});
}

/** Go to an address of the UI. */
export async function goTo(url, {replace = false} = {}) {
  if (guard && !(await guard())) return;
  guard = null;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  tell();
}

/** Change the query of this page without leaving it. */
export function requery(query) {
  const words = new URLSearchParams(Object.entries({...place().query, ...query}).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  const tail = words.toString();
  history.replaceState(null, '', `${location.pathname}${tail ? `?${tail}` : ''}`);
}

/** Before this page is left, ask: the function gives whether one may go. */
export function beforeLeaving(question) {
  guard = question;
}

/** Be told of each move. */
export function onMove(listener) {
  listeners.add(listener);
}

/** Look at links and at the browser's own buttons. */
export function startRouter() {
  window.addEventListener('popstate', tell);
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target.closest?.('a[href]');
    if (!anchor || anchor.target || anchor.hasAttribute('download')) return;
    const url = new URL(anchor.href, location.href);
    if (url.origin !== location.origin || !place(url).page) return;
    event.preventDefault();
    goTo(url.href);
  });
}

function tell() {
  for (const listener of [...listeners]) listener(place());
}
