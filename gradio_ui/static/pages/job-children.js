// The jobs that a batch or a watched folder is made of.

import {api} from '../lib/api.js';
import {fill, h, keyed} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {isOver} from '../lib/jobs.js';
import {jobRow} from './job-row.js';

const LOOK_MS = 3000;
const MOST = 200;

/** A list that keeps itself current while the job is not over. */
export function children(job, signal) {
  const rows = h('ul', {class: 'vc-jobs'});
  const element = h('section', {class: 'vc-stack'}, h('h2', {}, t('job.parts')), rows);
  let over = false;
  const look = async () => {
    const {jobs} = await api.get('/jobs', {parent: job.id, limit: MOST}, {signal});
    keyed(rows, jobs, (one) => one.id, jobRow, (row, one) => row.update(one));
    if (!jobs.length) fill(rows, h('li', {class: 'vc-faint'}, t('job.parts.none')));
  };
  element.update = (now) => {
    if (over !== isOver(now)) look().catch(() => {});
    over = isOver(now);
  };
  const timer = setInterval(() => { if (!document.hidden && !over) look().catch(() => {}); }, LOOK_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  look().catch(() => {});
  return element;
}
