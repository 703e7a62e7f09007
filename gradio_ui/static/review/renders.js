// Files of accepted clips: asked for, followed while they are made, and given to be saved.

import {h, say} from '../lib/dom.js';
import {api} from '../lib/api.js';
import {follow} from '../lib/events.js';
import {bytes} from '../lib/format.js';
import {t, tCode} from '../lib/i18n.js';
import {bar, explain} from '../lib/page.js';
import {recall, remember} from '../lib/store.js';

const OVER = new Set(['succeeded', 'partial', 'failed', 'cancelled', 'dead']);

export class Renders {
  /** @param {import('./remote.js').Remote} remote */
  constructor(remote, signal) {
    this.remote = remote;
    this.signal = signal;
    this.rows = new Map();
    this.list = h('ul', {class: 'rv-renders'});
    this.element = h('section', {class: 'rv-output', 'aria-label': t('review.renders'), hidden: true}, h('h2', {}, t('review.renders')), this.list);
  }

  /** What was asked for before, also in an earlier visit. */
  resume() {
    for (const [job, title] of recall(this._place, [])) this._add(job, title);
  }

  /** Ask for the files of these clips. */
  async start(clips, specs) {
    for (const clip of clips) {
      const job = await this.remote.render(specs.get(clip.key).id);
      this._add(job, clip.title || t('review.untitled'));
    }
    remember(this._place, [...this.rows].map(([job, row]) => [job, row.title]).slice(-50));
  }

  get _place() {
    return `review.renders.${this.remote.job}`;
  }

  _add(job, title) {
    this.element.hidden = false;
    if (this.rows.has(job)) return;
    const progress = bar(t('review.render.progress', {title}));
    const state = h('span', {class: 'rv-state', role: 'status'});
    const files = h('span', {class: 'rv-files'});
    const element = h('li', {dataset: {job}}, h('span', {class: 'rv-name', dir: 'auto'}, title), progress, state, files);
    this.list.prepend(element);
    const row = {title, element, progress, state, files};
    this.rows.set(job, row);
    void this._watch(job, row);
  }

  async _watch(job, row) {
    const look = async () => {
      const told = await api.get(`/jobs/${job}`, {}, {signal: this.signal});
      this._show(row, told);
      return OVER.has(told.state) ? told : null;
    };
    try {
      let over = await look();
      while (!over && !this.signal.aborted) {
        await follow(job, {signal: this.signal, onEvent: (event) => this._event(row, event)});
        over = await look();
      }
      if (over) await this._done(job, row, over);
    } catch (error) {
      if (this.signal.aborted) return;
      if (error.status === 404) {
        row.element.remove();
        this.rows.delete(job);
      } else say(row.state, explain(error).title);
    }
  }

  _event(row, {kind, data}) {
    if (kind === 'progress' && data) this._progress(row, data);
    else if (['queued', 'running', 'cancelling'].includes(kind)) say(row.state, tCode('review.render', kind));
  }

  _progress(row, data) {
    if (data.total) row.progress.show(data.done ?? 0, data.total);
  }

  _show(row, told) {
    const waits = told.state === 'queued' && told.standing?.text;
    say(row.state, waits || tCode('review.render', told.state));
    if (told.progress) this._progress(row, told.progress);
    else row.progress.show(0, told.state === 'running' ? null : 1);
  }

  async _done(job, row, told) {
    row.progress.hidden = true;
    if (told.state !== 'succeeded' && told.state !== 'partial') {
      say(row.state, t('review.render.why', {state: tCode('review.render', told.state), why: told.error?.cause || ''}));
      row.files.replaceChildren(h('button', {type: 'button', class: 'vc-button vc-small', onclick: () => this._again(job, row)}, t('again')));
      return;
    }
    const {clips} = await api.get(`/jobs/${job}/clips`, {}, {signal: this.signal});
    const {files} = await api.get(`/jobs/${job}/files`, {}, {signal: this.signal});
    const sizes = new Map(files.map((file) => [file.name, file.size]));
    row.files.replaceChildren();
    for (const clip of clips) {
      const {url} = await api.link(`/jobs/${job}`, {name: clip.file, inline: false, life_s: 12 * 3600}, {signal: this.signal});
      row.files.append(h('a', {class: 'vc-button vc-small', href: url, download: ''}, t('review.download', {size: bytes(sizes.get(clip.file))})));
    }
  }

  async _again(job, row) {
    row.files.replaceChildren();
    row.progress.hidden = false;
    try {
      await api.post(`/jobs/${job}/retry`, undefined, {signal: this.signal});
    } catch (error) {
      say(row.state, explain(error).title);
      return;
    }
    await this._watch(job, row);
  }
}
