// All jobs of the workspace, newest first.

import {api} from '../lib/api.js';
import {fill, h, keyed} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {isOver} from '../lib/jobs.js';
import {Page, empty, fault, loading, stylesheet} from '../lib/page.js';
import {link, requery} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toastError} from '../lib/toast.js';
import {jobRow} from './job-row.js';

const LOOK_MS = 3000;
const PAGE = 50;
const STATES = ['queued', 'running', 'succeeded', 'partial', 'failed', 'dead', 'cancelled'];

export default class Jobs extends Page {
  static tag = 'vc-page-jobs';

  #jobs = [];
  #cursor = null;
  #list = h('ul', {class: 'vc-jobs'});
  #note = h('div');
  #more = h('div', {class: 'vc-row vc-center'});

  async open({state = ''}) {
    await Promise.all([stylesheet('style/library.css'), stylesheet('style/job.css')]);
    this.state = state;
    const choose = h('select', {'aria-label': t('jobs.state'), onchange: () => {
      this.state = choose.value;
      requery({state: choose.value});
      this.#load();
    }}, h('option', {value: ''}, t('jobs.all')), STATES.map((one) => h('option', {value: one, selected: one === state}, t(`state.${one}`))));
    fill(this, h('div', {class: 'vc-head'}, h('h1', {}, t('page.jobs')), h('span', {class: 'vc-space'}), h('div', {}, choose)),
      this.#note, this.#list, this.#more);
    fill(this.#note, loading());
    const timer = setInterval(() => { if (!document.hidden) this.#renew().catch(() => {}); }, LOOK_MS);
    this.signal.addEventListener('abort', () => clearInterval(timer));
    await this.#load();
  }

  #page(cursor) {
    return api.get('/jobs', {state: this.state, cursor, limit: PAGE}, {signal: this.signal});
  }

  async #load() {
    try {
      const {jobs, next_cursor: next} = await this.#page();
      this.#jobs = jobs;
      this.#cursor = next;
      this.#show();
    } catch (error) {
      if (!this.signal.aborted) fill(this.#note, fault(error, () => this.#load()));
    }
  }

  /** The newest page again; older ones that one has unfolded stay as they are. */
  async #renew() {
    if (this.#jobs.length && this.#jobs.every(isOver) && this.#jobs.length > PAGE) return;
    const {jobs} = await this.#page();
    const newest = new Set(jobs.map((job) => job.id));
    this.#jobs = [...jobs, ...this.#jobs.slice(jobs.length).filter((job) => !newest.has(job.id))];
    this.#show();
  }

  #show() {
    keyed(this.#list, this.#jobs, (job) => job.id, jobRow, (row, job) => row.update(job));
    fill(this.#note, !this.#jobs.length && empty(t('jobs.none'), t('jobs.none.do'),
      may('jobs:write') && h('a', {class: 'vc-button vc-main', href: link('library')}, t('page.library'))));
    fill(this.#more, this.#cursor && h('button', {type: 'button', class: 'vc-button', onclick: async () => {
      try {
        const {jobs, next_cursor: next} = await this.#page(this.#cursor);
        this.#jobs.push(...jobs);
        this.#cursor = next;
        this.#show();
      } catch (error) {
        toastError(error);
      }
    }}, t('more')));
  }
}
