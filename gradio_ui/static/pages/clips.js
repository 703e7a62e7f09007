// Finished clips as a contact sheet: of one job, or of the library, newest first.

import {card} from '../clips/card.js';
import {compare} from '../clips/compare.js';
import {details} from '../clips/details.js';
import {exportsOf} from '../clips/exports.js';
import {api} from '../lib/api.js';
import {know, nameOf} from '../lib/assets.js';
import {fill, h, say} from '../lib/dom.js';
import {button} from '../lib/forms.js';
import {ago} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {badge} from '../lib/jobs.js';
import {empty, loading, Page, stylesheet} from '../lib/page.js';
import {link, requery} from '../lib/router.js';
import {toastError} from '../lib/toast.js';

const KINDS = new Set(['clip', 'cut', 'render']);
const GOOD = new Set(['succeeded', 'partial']);
const AT_ONCE = 20;
const MOST_COMPARED = 2;

export default class Clips extends Page {
  static tag = 'vc-page-clips';

  async open({job, clip}) {
    this.chosen = new Map();
    this.sheets = h('div', {class: 'vc-stack'}, loading());
    this.detail = h('div');
    this.bar = h('div', {class: 'vc-row vc-chosen', hidden: true, role: 'region', 'aria-label': t('gallery.chosen')});
    this.head = h('div', {class: 'vc-head'}, h('h1', {}, t('page.clips')));
    await Promise.all([stylesheet('style/desk.css'), stylesheet('style/clips.css')]);
    fill(this, this.head, this.bar, this.detail, this.sheets);
    if (job) await this.#ofJob(job, clip);
    else await this.#ofLibrary();
  }

  async #ofJob(id, open) {
    const job = await api.get(`/jobs/${id}`, {}, {signal: this.signal});
    const {clips} = KINDS.has(job.kind) && GOOD.has(job.state) ? await api.get(`/jobs/${id}/clips`, {}, {signal: this.signal}) : {clips: []};
    const name = await nameOf(job.request.source);
    this.title(`${t('page.clips')} · ${name}`);
    fill(this.head, h('div', {}, h('p', {class: 'vc-small'}, h('a', {href: link('clips')}, t('gallery.all'))), h('h1', {}, name)), badge(job),
      h('span', {class: 'vc-space'}), h('a', {class: 'vc-button', href: link('job', {id})}, t('page.job')),
      job.kind === 'clip' && h('a', {class: 'vc-button', href: link('review', {job: id})}, t('gallery.review')));
    if (!clips.length) {
      fill(this.sheets, empty(t('gallery.job.none'), t('gallery.job.none.do'), h('a', {class: 'vc-button vc-main', href: link('job', {id})}, t('page.job'))));
      return;
    }
    fill(this.sheets, exportsOf(job, clips, this.signal), this.#sheet(job, clips));
    const wanted = clips.find((one) => one.id === open);
    if (wanted) this.#open(job, wanted);
  }

  async #ofLibrary() {
    fill(this.sheets);
    const found = h('div', {class: 'vc-stack'});
    const foot = h('div', {class: 'vc-row vc-center'});
    fill(this.sheets, found, foot);
    const more = async (cursor) => {
      fill(foot, loading());
      let next = cursor;
      let shown = 0;
      do {
        const page = await api.get('/jobs', {cursor: next, limit: AT_ONCE}, {signal: this.signal});
        for (const job of page.jobs) {
          if (!KINDS.has(job.kind) || !GOOD.has(job.state)) continue;
          const {clips} = await api.get(`/jobs/${job.id}/clips`, {}, {signal: this.signal});
          if (!clips.length) continue;
          found.append(this.#group(job, clips));
          shown += clips.length;
        }
        next = page.next_cursor;
      } while (next && shown < AT_ONCE);
      fill(foot, next ? button(t('desk.more'), () => more(next)) : null);
    };
    api.get('/assets', {limit: 200}, {signal: this.signal}).then(({assets}) => know(assets), () => {});
    await more();
    if (!found.firstChild) {
      fill(this.sheets, empty(t('gallery.none'), t('gallery.none.do'), h('a', {class: 'vc-button vc-main', href: link('library')}, t('page.library'))));
    }
  }

  #group(job, clips) {
    const name = h('span', {}, '…');
    nameOf(job.request.source).then((text) => say(name, text));
    return h('section', {class: 'vc-stack'}, h('div', {class: 'vc-row'}, h('h2', {}, h('a', {href: link('clips', {job: job.id})}, name)),
      h('span', {class: 'vc-faint vc-small'}, [t(`kind.${job.kind}`), ago(job.finished_ms)].join(' · '))), this.#sheet(job, clips));
  }

  #sheet(job, clips) {
    return h('ul', {class: 'vc-sheet'}, clips.map((clip) => card(job, clip, {
      signal: this.signal,
      open: () => this.#open(job, clip),
      choose: (ticked) => this.#choose(job, clip, ticked),
    })));
  }

  #open(job, clip) {
    requery({clip: clip.id});
    const panel = details(job, clip, {
      signal: this.signal,
      compare: (pair) => this.#compare(pair),
      close: () => { fill(this.detail); requery({clip: ''}); },
    });
    fill(this.detail, panel);
    panel.scrollIntoView({block: 'start'});
    panel.focus();
  }

  #choose(job, clip, ticked) {
    const key = `${job.id} ${clip.id}`;
    if (ticked) this.chosen.set(key, {job, clip});
    else this.chosen.delete(key);
    const pair = [...this.chosen.values()];
    this.bar.hidden = !pair.length;
    fill(this.bar, h('span', {role: 'status'}, t('gallery.chosen.count', {count: pair.length})),
      button(t('gallery.compare'), () => this.#compare(pair), {small: true, disabled: pair.length !== MOST_COMPARED}),
      pair.length !== MOST_COMPARED && h('span', {class: 'vc-faint vc-small'}, t('gallery.compare.two')));
  }

  #compare(pair) {
    try {
      const panel = compare(pair, {signal: this.signal, close: () => fill(this.detail)});
      fill(this.detail, panel);
      panel.scrollIntoView({block: 'start'});
      panel.focus();
    } catch (error) {
      toastError(error);
    }
  }
}
