// What was said: sentences of all transcripts with the words that are looked for.

import {api} from '../lib/api.js';
import {nameOf} from '../lib/assets.js';
import {h, say} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {boot} from '../lib/boot.js';
import {link} from '../lib/router.js';
import {marked, timeOf} from './marked.js';

const MOST = 8;

/** A list of sentences, or null where nothing was said. */
export async function said(text, signal) {
  const {hits} = await api.get('/search', {q: text, limit: MOST}, {signal});
  if (!hits.length) return null;
  const page = boot.pages.some((one) => one.name === 'review') ? 'review' : 'job';
  return h('section', {class: 'vc-said'}, h('h2', {}, t('library.said')), h('ul', {}, hits.map((hit) => {
    const source = h('span', {class: 'vc-faint vc-small'});
    nameOf(hit.source).then((name) => say(source, name));
    const query = page === 'review' ? {job: hit.job_id, at: timeOf(hit)} : {id: hit.job_id};
    return h('li', {}, h('a', {href: link(page, query)}, h('span', {class: 'vc-number'}, length(timeOf(hit))), ' ', marked(hit)), ' ', source);
  })));
}
