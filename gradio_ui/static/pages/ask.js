// Ask the library: everything that was said, by video, to listen to and to cut together.

import {api} from '../lib/api.js';
import {idOfRef, nameOf} from '../lib/assets.js';
import {add, fill, h, say} from '../lib/dom.js';
import {button, choice, field, form, tick} from '../lib/forms.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {empty, fault, loading, Page, stylesheet} from '../lib/page.js';
import {goTo, link, requery} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';
import {marked, timeOf} from './marked.js';

const AT_ONCE = 50;
const LEAD_MS = 300;

export default class Ask extends Page {
  static tag = 'vc-page-ask';

  async open({q = ''}) {
    await Promise.all([stylesheet('style/desk.css'), stylesheet('style/clips.css')]);
    this.picked = new Map();
    this.groups = new Map();
    this.player = h('div', {class: 'vc-ask-player', hidden: true});
    this.cut = h('div', {hidden: true, class: 'vc-chosen'});
    this.found = h('div', {class: 'vc-stack'});
    const input = h('input', {type: 'search', name: 'q', value: q, required: true, maxlength: 200, 'aria-label': t('ask.words'), placeholder: t('ask.example')});
    const search = h('form', {role: 'search', class: 'vc-row', onsubmit: (event) => {
      event.preventDefault();
      if (!input.value.trim()) return;
      requery({q: input.value.trim()});
      this.#search(input.value.trim()).catch((error) => { if (!this.signal.aborted) fill(this.found, fault(error, () => search.requestSubmit())); });
    }}, h('div', {class: 'vc-search-field'}, input), h('button', {type: 'submit', class: 'vc-button vc-main'}, t('ask.do')));
    fill(this, h('div', {class: 'vc-head'}, h('h1', {}, t('page.ask'))), search, h('p', {class: 'vc-small vc-faint'}, t('ask.hint')), this.cut, this.player, this.found);
    if (q) await this.#search(q);
    else input.focus();
  }

  async #search(q) {
    this.q = q;
    this.picked.clear();
    this.groups.clear();
    this.#offer();
    fill(this.found, loading(t('ask.looking')));
    const {hits, next_skip: next} = await this.#hits(q, 0);
    if (this.q !== q) return;
    if (!hits.length) {
      fill(this.found, empty(t('ask.none'), t('ask.none.do'), h('a', {class: 'vc-button', href: link('library')}, t('page.library'))));
      return;
    }
    const list = h('div', {class: 'vc-stack'});
    const foot = h('div', {class: 'vc-row vc-center'});
    const told = h('p', {role: 'status', class: 'vc-faint'});
    let count = 0;
    const show = (some, skip) => {
      for (const hit of some) this.#place(hit, list);
      count += some.length;
      say(told, t('ask.count', {count, videos: t('ask.videos', {count: this.groups.size})}));
      fill(foot, skip == null ? null : button(t('desk.more'), async () => {
        const page = await this.#hits(q, skip);
        show(page.hits, page.next_skip);
      }));
    };
    fill(this.found, told, list, foot);
    show(hits, next);
  }

  #hits(q, skip) {
    return api.get('/search', {q, limit: AT_ONCE, skip}, {signal: this.signal});
  }

  #place(hit, list) {
    let group = this.groups.get(hit.source);
    if (!group) {
      const name = h('span', {}, '…');
      nameOf(hit.source).then((text) => say(name, text));
      group = h('ul', {class: 'vc-hits'});
      const all = button(t('ask.pick-all'), () => {
        const boxes = [...group.querySelectorAll('input')];
        const on = boxes.some((box) => !box.checked);
        for (const box of boxes) if (box.checked !== on) box.click();
      }, {small: true});
      add(list, h('section', {class: 'vc-stack'}, h('div', {class: 'vc-row'}, h('h2', {}, name), h('span', {class: 'vc-space'}), all), group));
      this.groups.set(hit.source, group);
    }
    const key = `${hit.job_id} ${hit.sentence}`;
    const time = length(timeOf(hit));
    group.append(h('li', {class: 'vc-hit'},
      h('input', {type: 'checkbox', 'aria-label': t('ask.pick', {text: hit.text}), onchange: (event) => {
        if (event.target.checked) this.picked.set(key, hit);
        else this.picked.delete(key);
        this.#offer();
      }}),
      h('button', {type: 'button', class: 'vc-button vc-small vc-number', 'aria-label': t('ask.play', {time}), onclick: () => this.#play(hit).catch(toastError)}, `▶ ${time}`),
      h('span', {}, hit.speaker && h('span', {class: 'vc-faint'}, `${hit.speaker} `), marked(hit), ' ',
        h('a', {class: 'vc-small', href: link('review', {job: hit.job_id, at: timeOf(hit)}), 'aria-label': t('ask.review.at', {time})}, t('ask.review')))));
  }

  async #play(hit) {
    const id = idOfRef(hit.source);
    if (!id) {
      toast(t('ask.no-player'), {detail: t('ask.no-player.do')});
      return;
    }
    const at = Math.max(0, timeOf(hit) - LEAD_MS) / 1000;
    let video = this.player.querySelector('video');
    if (video?.dataset.source !== hit.source) {
      const {url} = await api.link(`/assets/${id}`, {inline: true}, {signal: this.signal});
      video = h('video', {src: url, controls: true, playsinline: true, preload: 'auto', dataset: {source: hit.source}, 'aria-label': await nameOf(hit.source)});
      this.player.hidden = false;
      fill(this.player, video);
    }
    video.currentTime = at;
    await video.play();
  }

  #offer() {
    const hits = [...this.picked.values()];
    this.cut.hidden = !hits.length || !may('clips:write') || !may('jobs:write');
    if (this.cut.hidden) return;
    const videos = new Set(hits.map((hit) => hit.source)).size;
    const told = t('ask.picked', {count: hits.length, videos: t('ask.videos', {count: videos})});
    if (this.cut.firstChild) {
      say(this.cut.querySelector('[role=status]'), told);
      return;
    }
    fill(this.cut, form(t('ask.cut'), (values) => this.#cutTogether(values),
      h('p', {role: 'status'}, told),
      h('div', {class: 'vc-grid'},
        field(t('ask.title'), h('input', {type: 'text', name: 'title', maxlength: 200})),
        field(t('ask.aspect'), choice([['source', t('gallery.aspect.source')], ...['9:16', '1:1', '4:5', '16:9'].map((one) => [one, one])], 'source', {name: 'aspect'}))),
      tick(t('ask.words-only'), {name: 'words', value: 'yes'})));
  }

  async #cutTogether(values) {
    const hits = [...this.picked.values()].sort((a, b) => (a.source === b.source ? a.start_ms - b.start_ms : 0));
    const {jobs} = await api.once('/search/supercut', {
      hits: hits.map((hit) => ({job_id: hit.job_id, sentence: hit.sentence})), q: values.words ? this.q : null, title: values.title.trim(), render: {aspect: values.aspect},
    });
    toast(t('ask.cutting', {count: jobs.length}), {kind: 'good', action: {text: t('page.jobs'), run: () => { goTo(link(jobs.length === 1 ? 'job' : 'jobs', jobs.length === 1 ? {id: jobs[0].job_id} : {})); }}});
  }
}
