// The videos of the workspace: put them in, find them, see what became of them, make clips.

import {api} from '../lib/api.js';
import {idOfRef, isImage, know, picture} from '../lib/assets.js';
import {ask, fill, h, keyed, say} from '../lib/dom.js';
import {ago, bytes, length, percent} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {badge, isOver} from '../lib/jobs.js';
import {Page, empty, fault, loading, stylesheet} from '../lib/page.js';
import {go, link, requery} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';
import {uploads} from '../lib/uploads.js';
import {dropZone} from './library-drop.js';
import {said} from './library-said.js';
import {uploadList} from './library-uploads.js';

const PAUSE_MS = 250;
const LOOK_MS = 4000;
const PAGE = 50;

export default class Library extends Page {
  static tag = 'vc-page-library';

  #assets = [];
  #cursor = null;
  #text = '';
  #turn = 0;
  #jobs = new Map();
  #chosen = new Set();
  #list = h('ul', {class: 'vc-assets'});
  #state = h('div');
  #more = h('div', {class: 'vc-row vc-center'});
  #said = h('div');
  #bar = h('div', {class: 'vc-chosen', role: 'region', hidden: true});

  async open({q = ''}) {
    await stylesheet('style/library.css');
    const writes = may('uploads:write');
    const choose = h('input', {type: 'file', multiple: true, hidden: true, accept: 'video/*,audio/*,.mkv,.flv,.ts', onchange: () => {
      uploads.add(choose.files);
      choose.value = '';
    }});
    this.choose = () => choose.click();
    const search = h('input', {
      type: 'search', value: q, placeholder: t('library.search'), 'aria-label': t('library.search'),
      oninput: () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.#search(search.value), PAUSE_MS); },
    });
    fill(this,
      h('div', {class: 'vc-head'}, h('h1', {}, t('page.library')), h('div', {class: 'vc-search', role: 'search'}, search),
        writes && h('button', {type: 'button', class: 'vc-button vc-main', onclick: this.choose}, t('library.add'))),
      choose, writes && uploadList(this.signal), this.#bar, this.#said, this.#state, this.#list, this.#more);
    this.#bar.setAttribute('aria-label', t('library.chosen.label'));
    if (writes) dropZone(this, this.signal);
    uploads.addEventListener('asset', (event) => this.#arrived(event.detail), {signal: this.signal});
    this.#follow();
    await this.#search(q);
  }

  async #search(text) {
    this.#text = text.trim();
    requery({q: this.#text});
    this.#assets = [];
    this.#cursor = null;
    const turn = ++this.#turn;
    const late = setTimeout(() => fill(this.#state, loading()), 200);
    try {
      await Promise.all([this.#load(turn), this.#lookAtJobs()]);
      const words = this.#text && may('search:read') ? await said(this.#text, this.signal) : null;
      if (turn === this.#turn) fill(this.#said, words);
    } catch (error) {
      if (turn === this.#turn && !this.signal.aborted) fill(this.#state, fault(error, () => this.#search(text)));
      return;
    } finally {
      clearTimeout(late);
    }
    if (turn === this.#turn) this.#show();
  }

  async #load(turn) {
    const page = await api.get('/assets', {q: this.#text, kind: ['video', 'sound'], cursor: this.#cursor, limit: PAGE}, {signal: this.signal});
    if (turn !== this.#turn) return;
    know(page.assets);
    this.#assets.push(...page.assets);
    this.#cursor = page.next_cursor;
  }

  async #lookAtJobs() {
    if (!may('jobs:read')) return;
    const {jobs} = await api.get('/jobs', {limit: 200}, {signal: this.signal});
    this.#jobs = new Map();
    for (const job of jobs) {
      const id = idOfRef(job.request.source);
      if (id && !this.#jobs.has(id)) this.#jobs.set(id, job); // newest first
    }
  }

  /** States of jobs move while one looks. */
  #follow() {
    const timer = setInterval(async () => {
      if (document.hidden || ![...this.#jobs.values()].some((job) => !isOver(job))) return;
      await this.#lookAtJobs().then(() => this.#show(), () => {});
    }, LOOK_MS);
    this.signal.addEventListener('abort', () => { clearInterval(timer); clearTimeout(this.typing); });
  }

  async #arrived(upload) {
    try {
      const asset = await api.get(`/assets/${upload.asset}`, {}, {signal: this.signal});
      know([asset]);
      if (isImage(asset)) {
        toast(t('library.image', {name: upload.name}), {kind: 'good', detail: t('library.image.do'), action: {text: t('page.brand'), run: () => go('brand')}});
        return;
      }
      toast(t('upload.here', {name: upload.name}), {kind: 'good', action: may('jobs:write') && {
        text: t('library.clips'), run: () => go('new', {asset: upload.asset}),
      }});
      if (this.#text) return;
      this.#assets = [asset, ...this.#assets.filter((one) => one.id !== asset.id)];
      this.#show();
    } catch (error) {
      toastError(error);
    }
  }

  #show() {
    keyed(this.#list, this.#assets, (asset) => asset.id, (asset) => this.#row(asset), (row, asset) => row.update(this.#jobs.get(asset.id)));
    fill(this.#more, this.#cursor && h('button', {type: 'button', class: 'vc-button', onclick: async () => {
      await this.#load(this.#turn).catch(toastError);
      this.#show();
    }}, t('more')));
    if (this.#assets.length) fill(this.#state);
    else if (this.#text) fill(this.#state, this.#said.firstChild ? null : empty(t('library.none', {text: this.#text}), t('library.none.do')));
    else if (may('uploads:write')) {
      fill(this.#state, empty(t('library.empty'), t('library.empty.do'),
        h('button', {type: 'button', class: 'vc-button vc-main', onclick: this.choose}, t('library.add')),
        may('jobs:write') && h('a', {class: 'vc-button', href: link('new')}, t('library.address'))));
    } else fill(this.#state, empty(t('library.empty'), t('library.empty.viewer')));
    this.#showChosen();
  }

  #row(asset) {
    const state = h('span', {class: 'vc-asset-state'});
    const {video} = asset.media;
    const facts = [length(asset.duration_ms), video ? `${video.width}×${video.height}` : t('library.sound'), bytes(asset.size), ago(asset.created_ms)];
    const name = h('span', {class: 'vc-asset-name', title: asset.name}, asset.name);
    const tick = h('input', {type: 'checkbox', 'aria-label': t('library.choose', {name: asset.name}), onchange: () => {
      if (tick.checked) this.#chosen.add(asset.id);
      else this.#chosen.delete(asset.id);
      this.#showChosen();
    }});
    const row = h('li', {class: 'vc-asset'},
      may('jobs:write') && tick, picture(asset.id, this.signal),
      h('div', {class: 'vc-asset-text'}, name, h('span', {class: 'vc-faint vc-small'}, facts.join(' · '))),
      state,
      h('div', {class: 'vc-row vc-end'},
        asset.state === 'missing' && h('span', {class: 'vc-badge vc-bad'}, t('library.missing')),
        may('jobs:write') && h('a', {class: 'vc-button', href: link('new', {asset: asset.id})}, t('library.clips')),
        may('assets:write') && h('button', {
          type: 'button', class: 'vc-icon', 'aria-label': t('library.delete', {name: asset.name}), title: t('delete'), onclick: () => this.#delete(asset),
        }, '×')));
    row.update = (job) => {
      tick.checked = this.#chosen.has(asset.id);
      if (!job) fill(state);
      else if (state.job !== job.id) {
        state.job = job.id;
        state.badge = badge(job);
        state.bar = h('small', {class: 'vc-faint vc-number'});
        fill(state, h('a', {href: link('job', {id: job.id}), 'aria-label': t('library.job', {name: asset.name})}, state.badge), state.bar);
      }
      if (job) {
        state.badge.update(job);
        const {done, total} = job.progress || {};
        say(state.bar, job.state === 'running' && total ? percent(done, total) : '');
      }
    };
    return row;
  }

  #showChosen() {
    const known = this.#assets.filter((asset) => this.#chosen.has(asset.id));
    this.#bar.hidden = !known.length;
    if (!known.length) return fill(this.#bar);
    return fill(this.#bar, h('span', {}, t('library.chosen', {count: known.length})),
      h('a', {class: 'vc-button vc-main', href: link('new', {asset: known.map((one) => one.id).join(',')})}, t('library.clips')),
      h('button', {type: 'button', class: 'vc-button', onclick: () => { this.#chosen.clear(); this.#show(); }}, t('library.chosen.none')));
  }

  async #delete(asset) {
    const sure = await ask(t('library.delete.title'), t('library.delete.text', {name: asset.name}), [
      {text: t('keep'), value: false, autofocus: true}, {text: t('delete'), value: true, kind: 'danger'},
    ]);
    if (!sure) return;
    try {
      await api.delete(`/assets/${asset.id}`);
      this.#assets = this.#assets.filter((one) => one.id !== asset.id);
      this.#chosen.delete(asset.id);
      this.#show();
    } catch (error) {
      toastError(error);
    }
  }
}
