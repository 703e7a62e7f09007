// A job as a line of a list.

import {idOfRef, nameOf, picture} from '../lib/assets.js';
import {h, say} from '../lib/dom.js';
import {ago, percent} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {badge, isOver, stageText} from '../lib/jobs.js';
import {bar} from '../lib/page.js';
import {link} from '../lib/router.js';

/** The line; `update(job)` changes what moves. */
export function jobRow(job) {
  const source = job.request.source || job.request.folder || job.request.sources?.[0] || '';
  const asset = idOfRef(source);
  const name = h('span', {class: 'vc-asset-name'});
  nameOf(source).then((text) => say(name, job.request.sources?.length > 1 ? t('jobs.and', {name: text, count: job.request.sources.length - 1}) : text));
  const state = badge(job);
  const doing = h('span', {class: 'vc-faint vc-small vc-number'});
  const progress = bar(t('jobs.progress'));
  const row = h('li', {class: 'vc-job'},
    asset ? picture(asset) : h('span', {class: 'vc-picture'}),
    h('a', {class: 'vc-asset-text', href: link('job', {id: job.id})}, name, h('span', {class: 'vc-faint vc-small'}, [t(`kind.${job.kind}`), ago(job.enqueued_ms)].join(' · '))),
    h('div', {class: 'vc-asset-state'}, state, doing, progress));
  row.update = (now) => {
    state.update(now);
    const {stage, done, total} = now.progress || {};
    const moves = !isOver(now) && stage && total;
    progress.hidden = !moves;
    if (moves) progress.show(done || 0, total);
    say(doing, moves ? `${stageText(stage)} ${percent(done || 0, total)}` : '');
  };
  row.update(job);
  return row;
}
