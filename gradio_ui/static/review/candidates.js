// What the job found and what was made by hand: why, why not, and what becomes of it.

import {fill, h, say} from '../lib/dom.js';
import {length, number} from '../lib/format.js';
import {t, tCode} from '../lib/i18n.js';
import {lengthOf, spanOf} from './ranges.js';

const SIGNS = {accepted: '✓', rejected: '✕', open: '○', under: '○', dropped: '○'};
const ORDERS = {
  score: (a, b) => (b.candidate?.score ?? 2) - (a.candidate?.score ?? 2),
  time: (a, b) => spanOf(a.ranges).start_ms - spanOf(b.ranges).start_ms,
  length: (a, b) => lengthOf(b.ranges) - lengthOf(a.ranges),
};

export class Candidates {
  /**
   * @param {import('./model.js').Model} model
   * @param {{play: (key: string) => void, look: (key: string) => void, signal: AbortSignal}} page
   */
  constructor(model, {play, look, signal}) {
    this.model = model;
    this.play = play;
    this.look = look;
    this.order = 'score';
    this.heading = h('h2', {});
    this.list = h('ol', {class: 'rv-list', 'aria-label': t('review.candidates')});
    this.element = h('section', {class: 'rv-candidates', 'aria-label': t('review.candidates')},
      h('div', {class: 'rv-tools'}, this.heading, this._thresholdField(), this._orderField(), this._acceptAll()), this.list);
    const stops = ['clips', 'threshold'].map((topic) => model.on(topic, () => this._soon()));
    stops.push(model.on('active', () => this._mark()));
    signal.addEventListener('abort', () => stops.forEach((stop) => stop()));
    this.draw();
  }

  get shown() {
    return [...this.model.clips.values()].sort(ORDERS[this.order]);
  }

  /** Go to the clip after (1) or before (-1) the active one. */
  step(by) {
    const keys = this.shown.map((clip) => clip.key);
    if (!keys.length) return;
    const at = keys.indexOf(this.model.active);
    this.choose(keys[at < 0 ? (by > 0 ? 0 : keys.length - 1) : Math.max(0, Math.min(at + by, keys.length - 1))]);
  }

  choose(key) {
    this.model.activate(key);
    this.look(key);
    this.list.querySelector('[aria-current=true]')?.scrollIntoView({block: 'nearest'});
  }

  /** Accept or reject the active clip, and go on to the next one. Again takes it back. */
  decide(decision) {
    const clip = this.model.activeClip;
    if (!clip) return false;
    if (!clip.candidate) {
      if (decision === 'rejected') this.model.removeClip(clip.key);
      return true;
    }
    const again = clip.decision === decision;
    this.model.decide(clip.key, again ? null : decision);
    if (!again) this.step(1);
    return true;
  }

  /** Once for all changes before the next frame. */
  _soon() {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const clips = this.shown;
    const kept = clips.filter((clip) => ['accepted', 'open'].includes(this.model.standing(clip)));
    say(this.heading, t('review.candidates.count', {kept: kept.length, all: clips.length}));
    this.acceptAll.hidden = !clips.some((clip) => this.model.standing(clip) === 'open');
    const focused = this.list.contains(document.activeElement) ? [document.activeElement.closest('li')?.dataset.key, document.activeElement.dataset.act] : null;
    fill(this.list, clips.length ? clips.map((clip) => this._row(clip)) : h('li', {class: 'rv-none'}, t('review.candidates.none')));
    this._mark();
    if (focused) this._rowOf(focused[0])?.querySelector(`[data-act="${focused[1]}"]`)?.focus();
  }

  _rowOf(key) {
    return [...this.list.children].find((row) => row.dataset.key === key);
  }

  _mark() {
    for (const row of this.list.children) {
      if (row.dataset.key === this.model.active) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
  }

  _row(clip) {
    const {candidate} = clip;
    const standing = this.model.standing(clip);
    const span = spanOf(clip.ranges);
    const act = (name, properties, ...children) => h('button', {type: 'button', dataset: {act: name}, ...properties}, children);
    const flip = () => {
      if (!candidate) return;
      this.model.decide(clip.key, standing === 'accepted' ? null : 'accepted');
    };
    const out = ['under', 'dropped'].includes(standing);
    return h('li', {class: ['rv-clip', `rv-${standing}`], dataset: {key: clip.key}, onclick: (event) => { if (!event.target.closest('button')) this.choose(clip.key); }},
      act('flip', {class: 'rv-sign', 'aria-pressed': String(standing === 'accepted'), disabled: !candidate,
        'aria-label': t(`review.standing.${standing}`), title: t(`review.standing.${standing}`), onclick: flip}, SIGNS[standing]),
      h('span', {class: 'rv-score'}, candidate ? number(candidate.score, 2) : t('review.by-hand')),
      h('div', {class: 'rv-about'},
        act('open', {class: 'rv-title', dir: 'auto', onclick: () => this.choose(clip.key), ondblclick: () => this.play(clip.key)}, clip.title || t('review.untitled')),
        h('span', {class: 'rv-times'}, `${length(span.start_ms)}–${length(span.end_ms)} · ${length(lengthOf(clip.ranges))}`),
        criteria(candidate),
        candidate?.quote && h('q', {class: 'rv-quote', dir: 'auto'}, candidate.quote),
        candidate?.reason && h('span', {class: 'rv-reason'}, t('review.why', {reason: candidate.reason})),
        out && h('span', {class: 'rv-why-not'}, t('review.dropped', {reason: standing === 'under' ? t('review.under') : candidate.dropped}))),
      h('span', {class: 'rv-acts'},
        out && act('keep', {class: 'vc-button vc-small', onclick: () => this.model.decide(clip.key, 'accepted')}, t('review.keep')),
        act('play', {class: 'vc-icon', 'aria-label': t('review.play', {title: clip.title}), onclick: () => this.play(clip.key)}, '▶'),
        candidate
          ? act('reject', {class: 'vc-icon', 'aria-pressed': String(standing === 'rejected'), 'aria-label': t('review.reject', {title: clip.title}),
            onclick: () => this.model.decide(clip.key, standing === 'rejected' ? null : 'rejected')}, '✕')
          : act('remove', {class: 'vc-icon', 'aria-label': t('review.remove', {title: clip.title}), onclick: () => this.model.removeClip(clip.key)}, '✕')));
  }

  _thresholdField() {
    const shown = h('output', {}, number(this.model.threshold, 2));
    const field = h('input', {type: 'range', min: 0, max: 1, step: 0.01, value: String(this.model.threshold), 'aria-label': t('review.threshold'),
      oninput: () => { say(shown, number(Number(field.value), 2)); this.model.setThreshold(Number(field.value)); }});
    return h('label', {class: 'rv-threshold'}, h('span', {}, t('review.threshold')), field, shown);
  }

  _orderField() {
    const field = h('select', {class: 'vc-select', onchange: () => { this.order = field.value; this.draw(); }},
      Object.keys(ORDERS).map((name) => h('option', {value: name}, t(`review.order.${name}`))));
    return h('label', {class: 'rv-order'}, h('span', {}, t('review.order')), field);
  }

  _acceptAll() {
    this.acceptAll = h('button', {
      type: 'button', class: 'vc-button vc-small',
      onclick: () => this.model.decide(this.shown.filter((clip) => this.model.standing(clip) === 'open').map((clip) => clip.key), 'accepted'),
    }, t('review.accept-all'));
    return this.acceptAll;
  }
}

function criteria(candidate) {
  const scores = Object.entries(candidate?.scores ?? {}).sort((a, b) => b[1] - a[1]).slice(0, 6);
  if (!scores.length) return null;
  return h('span', {class: 'rv-criteria'}, scores.map(([name, score]) => h('span', {}, `${tCode('review.criterion', name, name)} ${number(score, 2)}`)));
}
