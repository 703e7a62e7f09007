// What a job that is over has made: clips, or why there are none.

import {api} from '../lib/api.js';
import {boot} from '../lib/boot.js';
import {h} from '../lib/dom.js';
import {length, number} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {foundNothing} from '../lib/jobs.js';
import {tellNotice} from '../lib/notices.js';
import {link} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toastError} from '../lib/toast.js';

const has = (name) => boot.pages.some((page) => page.name === name);

/** An element, or null where there is nothing to show. */
export async function outcome(job, signal) {
  if (foundNothing(job)) return nothing(job);
  if (!['clip', 'cut', 'render'].includes(job.kind) || !may('clips:read')) return null;
  const {clips} = await api.get(`/jobs/${job.id}/clips`, {}, {signal});
  return h('section', {class: 'vc-stack', 'aria-label': t('page.clips')},
    h('div', {class: 'vc-row'}, h('h2', {}, t('clips.count', {count: clips.length})), h('span', {class: 'vc-space'}),
      has('review') && job.kind === 'clip' && h('a', {class: 'vc-button vc-main', href: link('review', {job: job.id})}, t('job.review')),
      has('clips') && h('a', {class: 'vc-button', href: link('clips', {job: job.id})}, t('job.clips'))),
    h('ul', {class: 'vc-outcome'}, clips.map((clip) => row(job, clip))));
}

function row(job, clip) {
  return h('li', {},
    h('div', {class: 'vc-asset-text'},
      h('strong', {}, clip.title || clip.file),
      h('span', {class: 'vc-faint vc-small vc-number'}, [
        length(clip.duration_ms), `${length(clip.start_ms)}–${length(clip.end_ms)}`, clip.score != null && t('clips.score', {score: number(clip.score, 2)}),
      ].filter(Boolean).join(' · ')),
      clip.reason && h('span', {class: 'vc-small'}, clip.reason)),
    h('span', {class: ['vc-badge', clip.proof.ok ? 'vc-good' : 'vc-warn']}, clip.proof.ok ? t('clips.proof.ok') : t('clips.proof.bad')),
    h('div', {class: 'vc-row vc-end'},
      h('button', {type: 'button', class: 'vc-button vc-small', 'aria-label': t('clips.play', {title: clip.title}), onclick: (event) => play(event.target.closest('li'), job, clip)}, '▶'),
      h('button', {type: 'button', class: 'vc-button vc-small', 'aria-label': t('clips.download', {title: clip.title}), onclick: () => download(job, clip)}, t('download'))));
}

async function play(row, job, clip) {
  const there = row.querySelector('video');
  if (there) {
    there.remove();
    return;
  }
  try {
    const {url} = await api.link(`/jobs/${job.id}`, {name: clip.file, inline: true});
    const video = h('video', {src: url, controls: true, autoplay: true, playsinline: true, 'aria-label': clip.title});
    row.append(video);
  } catch (error) {
    toastError(error);
  }
}

async function download(job, clip) {
  try {
    const {url} = await api.link(`/jobs/${job.id}`, {name: clip.file, inline: false});
    h('a', {href: url, download: ''}).click();
  } catch (error) {
    toastError(error);
  }
}

function nothing(job) {
  const {candidates, notices = []} = job.result;
  const why = Object.entries(candidates?.dropped || {});
  return h('section', {class: 'vc-panel'},
    h('h2', {}, t('job.nothing')),
    candidates && h('p', {}, t('job.nothing.found', {count: candidates.found})),
    why.length ? h('ul', {class: 'vc-notices'}, why.map(([reason, count]) => h('li', {}, `${number(count)} × ${reason}`))) : null,
    notices.map(tellNotice).map(({text, remedy, facts}) => h('p', {class: 'vc-faint'}, [text, remedy, facts].filter(Boolean).join(' '))),
    h('p', {}, t('job.nothing.do')));
}
