// The videos of the library as other pages need them: names, small pictures.

import {api} from './api.js';
import {h} from './dom.js';
import {onSession} from './session.js';

const AT_ONCE = 3;
const names = new Map();
const pictures = new Map();
const waiting = [];
let running = 0;

onSession(() => {
  names.clear();
  for (const one of pictures.values()) one.then((url) => url && URL.revokeObjectURL(url));
  pictures.clear();
});

/** Remember names that were told anyway. */
export function know(assets) {
  for (const asset of assets) names.set(asset.id, Promise.resolve(asset.name));
}

/** Whether it is a picture, such as a logo, and neither video nor sound. */
export const isImage = (asset) => asset.media.container.endsWith('_pipe');

/** Id of the asset that a reference such as "asset:ID?…" names, or null. */
export const idOfRef = (ref) => /^asset:([0-9a-f-]{36})/.exec(ref || '')?.[1] || null;

/** What to call a source: the asset's name, or the last part of an address or a path. */
export async function nameOf(ref) {
  const id = idOfRef(ref);
  if (!id) return (ref || '').split('?')[0].split('/').filter(Boolean).pop() || ref || '–';
  if (!names.has(id)) names.set(id, api.get(`/assets/${id}`).then((asset) => asset.name, () => ref));
  return names.get(id);
}

/** An element that shows an asset's small picture once it is there, and a quiet box before. */
export function picture(id, signal) {
  const box = h('span', {class: 'vc-picture', 'aria-hidden': 'true'});
  const watcher = new IntersectionObserver(async (entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    const url = await load(id, signal);
    if (url) box.append(h('img', {src: url, alt: '', loading: 'lazy'}));
  }, {rootMargin: '200px'});
  watcher.observe(box);
  signal?.addEventListener('abort', () => watcher.disconnect());
  return box;
}

function load(id, signal) {
  if (!pictures.has(id)) {
    const found = turn(() => api.blob(`/assets/${id}/thumbnail`, {signal})).then((blob) => URL.createObjectURL(blob), () => null);
    pictures.set(id, found);
    found.then((url) => { if (!url) pictures.delete(id); });
  }
  return pictures.get(id);
}

async function turn(work) {
  if (running >= AT_ONCE) await new Promise((go) => { waiting.push(go); });
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
