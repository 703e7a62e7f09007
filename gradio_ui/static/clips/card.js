// One clip of the sheet: its picture plays when one points at it; what the proof found is told.

import {h} from '../lib/dom.js';
import {length, number} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {addressOf, isSound, pictureOf} from './files.js';

const WAIT_MS = 250;

/** The entry of the list. */
export function card(job, clip, {signal, open, choose}) {
  const title = clip.title || clip.file.split('/').pop();
  const still = h('span', {class: 'vc-still'});
  if (clip.thumbnail) whenSeen(still, signal, async () => {
    const url = await pictureOf(job, clip.thumbnail, signal).catch(() => null);
    if (url) still.prepend(h('img', {src: url, alt: ''}));
  });
  if (!isSound(clip)) hoverPlays(still, job, clip);
  return h('li', {class: 'vc-card'},
    h('button', {type: 'button', class: 'vc-card-open', 'aria-label': t('gallery.open', {title}), onclick: open}, still),
    h('span', {class: 'vc-card-length vc-number'}, length(clip.duration_ms)),
    h('div', {class: 'vc-row'}, h('strong', {class: 'vc-card-title'}, title),
      h('label', {class: 'vc-card-choose'}, h('input', {type: 'checkbox', 'aria-label': t('gallery.choose', {title}), onchange: (event) => choose(event.target.checked)}))),
    h('div', {class: 'vc-row vc-small'}, proofBadge(clip),
      h('span', {class: 'vc-faint vc-number'}, clip.score == null ? '' : number(clip.score, 2))));
}

/** What the proof sheet says, in one word. */
export function proofBadge({proof}) {
  const wrong = proof.checks.filter((check) => !check.ok).length;
  if (wrong) return h('span', {class: 'vc-badge vc-bad'}, t('gallery.proof.wrong', {count: wrong}));
  if (proof.findings.length) return h('span', {class: 'vc-badge vc-warn'}, t('gallery.proof.look', {count: proof.findings.length}));
  return h('span', {class: 'vc-badge vc-good'}, t('gallery.proof.good'));
}

function hoverPlays(still, job, clip) {
  let waiting = 0;
  let video = null;
  const stop = () => {
    clearTimeout(waiting);
    video?.remove();
    video = null;
  };
  still.addEventListener('pointerenter', (event) => {
    if (event.pointerType !== 'mouse' || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    waiting = setTimeout(async () => {
      const url = await addressOf(job, clip.file).catch(() => null);
      if (!url || !still.matches(':hover')) return;
      video = h('video', {src: url, muted: true, autoplay: true, loop: true, playsinline: true, tabindex: '-1', 'aria-hidden': 'true'});
      still.append(video);
    }, WAIT_MS);
  });
  still.addEventListener('pointerleave', stop);
}

function whenSeen(element, signal, work) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    work();
  }, {rootMargin: '200px'});
  watcher.observe(element);
  signal.addEventListener('abort', () => watcher.disconnect());
}
