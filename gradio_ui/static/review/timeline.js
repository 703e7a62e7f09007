// The time line: looks from afar at everything, and from near at a clip's edges, which snap to words and cuts.

import {h} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {colours, draw, LANE} from './draw.js';
import {spanOf} from './ranges.js';
import {Scale} from './scale.js';
import {snap} from './snap.js';

const HEIGHT = 128;
const REACH_PX = 9;
const GRAB_PX = 4;

export class Timeline {
  /**
   * @param {import('./model.js').Model} model
   * @param {{seek: Function, frame_ms: number, signal: AbortSignal}} page
   */
  constructor(model, {seek, frame_ms, signal}) {
    this.model = model;
    this.seek = seek;
    this.frame_ms = frame_ms;
    this.scale = new Scale(model.words.duration_ms);
    this.peaks = null;
    this.cuts = [];
    this.playhead_ms = 0;
    this.canvas = h('canvas', {class: 'rv-canvas', 'aria-hidden': 'true'});
    this.position = h('div', {
      class: 'rv-position', role: 'slider', tabindex: 0, 'aria-label': t('review.position'), 'aria-valuemin': 0,
      'aria-valuemax': model.words.duration_ms, 'aria-valuenow': 0, onkeydown: (event) => this._keys(event),
    }, this.canvas);
    this.handles = {in: this._handle('in'), out: this._handle('out')};
    const zoom = (name, sign, run) => h('button', {type: 'button', class: 'vc-icon', 'aria-label': t(`review.zoom.${name}`), title: t(`review.zoom.${name}`), onclick: run}, sign);
    this.tools = h('div', {class: 'rv-zoom'},
      zoom('out', '−', () => this.zoom(2)), zoom('in', '+', () => this.zoom(0.5)), zoom('fit', '⤢', () => { this.scale.fit(); this.draw(); }));
    this.board = h('div', {class: 'rv-board'}, this.position, this.handles.in, this.handles.out);
    this.overview = h('input', {type: 'range', class: 'rv-overview', min: 0, max: 1000, value: 0, 'aria-label': t('review.scroll'), oninput: () => this._scrolled()});
    this.element = h('section', {class: 'rv-timeline', 'aria-label': t('review.timeline')}, this.board, h('div', {class: 'rv-zoombar'}, this.overview, this.tools));
    this._watch = new ResizeObserver(() => this._resize());
    this._watch.observe(this.board);
    this._listen(signal);
  }

  close() {
    this._watch.disconnect();
    this._themes.disconnect();
    cancelAnimationFrame(this._frame);
  }

  setPeaks(peaks) {
    this.peaks = peaks;
    this.draw();
  }

  setCuts(cuts) {
    this.cuts = cuts;
    this.draw();
  }

  setTime(ms, playing) {
    if (ms === this.playhead_ms) return;
    this.playhead_ms = ms;
    if (playing) this.scale.reveal(ms);
    this.position.setAttribute('aria-valuenow', String(ms));
    this.position.setAttribute('aria-valuetext', length(ms, {tenths: true}));
    this.draw();
  }

  zoom(factor, at_ms) {
    const clip = this.model.activeClip;
    const near = at_ms ?? (clip ? (spanOf(clip.ranges).start_ms + spanOf(clip.ranges).end_ms) / 2 : this.playhead_ms);
    this.scale.zoom(factor, near);
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this._draw());
  }

  _draw() {
    const {scale, model, canvas} = this;
    const dots = window.devicePixelRatio || 1;
    const wide = Math.round(scale.width * dots);
    if (canvas.width !== wide || canvas.height !== HEIGHT * dots) {
      canvas.width = wide;
      canvas.height = HEIGHT * dots;
    }
    const pen = canvas.getContext('2d');
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    const clips = this._bands();
    draw(pen, scale, {height: HEIGHT, peaks: this.peaks, cuts: this.cuts, clips, active: model.active, playhead_ms: this.playhead_ms, colour: colours(canvas)});
    const span = model.activeClip && spanOf(model.activeClip.ranges);
    for (const [edge, handle] of Object.entries(this.handles)) {
      handle.hidden = !span;
      if (!span) continue;
      const ms = edge === 'in' ? span.start_ms : span.end_ms;
      handle.style.setProperty('inset-inline-start', `${scale.x(ms)}px`);
      handle.classList.toggle('rv-away', scale.x(ms) < -1 || scale.x(ms) > scale.width + 1);
      handle.setAttribute('aria-valuenow', String(ms));
      handle.setAttribute('aria-valuetext', t(`review.edge.${edge}.at`, {time: length(ms, {tenths: true})}));
    }
    const free = scale.duration_ms - (scale.end_ms - scale.start_ms);
    this.overview.disabled = free <= 0;
    this.overview.value = String(free > 0 ? Math.round((scale.start_ms / free) * 1000) : 0);
  }

  /** Clips as they are drawn: the best above, and beside each other where they overlap. */
  _bands() {
    const bands = [...this.model.clips.values()].map((clip) => ({key: clip.key, ranges: clip.ranges, standing: this.model.standing(clip), score: clip.candidate?.score ?? 1}))
      .filter(({ranges}) => ranges.length).sort((a, b) => spanOf(a.ranges).start_ms - spanOf(b.ranges).start_ms);
    let end = -1;
    for (const one of bands) {
      const {start_ms, end_ms} = spanOf(one.ranges);
      one.lane = start_ms < end ? 1 : 0;
      if (one.lane === 0) end = end_ms;
    }
    return bands;
  }

  _handle(edge) {
    const handle = h('div', {
      class: ['rv-handle', `rv-handle-${edge}`], role: 'slider', tabindex: 0, hidden: true, 'aria-label': t(`review.edge.${edge}`),
      'aria-valuemin': 0, 'aria-valuemax': this.model.words.duration_ms, title: t('review.edge.help'),
    });
    handle.addEventListener('focus', () => { this.model.edge = edge; });
    handle.addEventListener('keydown', (event) => this._trimKeys(event, edge));
    handle.addEventListener('pointerdown', (event) => this._drag(event, edge));
    return handle;
  }

  /** Left and right: a word; with Shift: to the next cut; with Alt: a frame. */
  _trimKeys(event, edge) {
    const direction = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1}[event.key];
    const {model} = this;
    if (!direction || !model.activeClip || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const at = edge === 'in' ? spanOf(model.activeClip.ranges).start_ms : spanOf(model.activeClip.ranges).end_ms;
    if (event.altKey) model.trim(model.active, edge, at + direction * this.frame_ms);
    else if (event.shiftKey) {
      const cut = direction > 0 ? this.cuts.find((ms) => ms > at) : [...this.cuts].reverse().find((ms) => ms < at);
      if (cut !== undefined) model.trim(model.active, edge, cut);
    } else model.nudge(model.active, edge, direction);
    this._look(edge);
  }

  /** Show the frame at an edge that was moved. */
  _look(edge) {
    const span = spanOf(this.model.activeClip.ranges);
    const ms = edge === 'in' ? span.start_ms : span.end_ms - this.frame_ms;
    this.scale.reveal(ms);
    this.seek(ms);
  }

  _drag(event, edge) {
    const {model, scale} = this;
    const key = model.active;
    if (event.button || key === null) return;
    event.preventDefault();
    event.currentTarget.focus();
    event.currentTarget.setPointerCapture(event.pointerId);
    const gesture = `drag ${edge} ${event.timeStamp}`;
    const end = new AbortController();
    const move = (at) => {
      const raw = scale.ms(at.clientX - this.board.getBoundingClientRect().left);
      const reach = at.altKey ? -1 : REACH_PX * scale.ms_per_px;
      const {ms, to} = snap(model.words, this.cuts, edge, raw, reach);
      this.handles[edge].classList.toggle('rv-snapped', to !== null);
      if (model.trim(key, edge, ms, gesture)) this.seek(edge === 'in' ? ms : ms - this.frame_ms);
    };
    const up = () => {
      end.abort();
      this.handles[edge].classList.remove('rv-snapped');
    };
    const {currentTarget} = event;
    currentTarget.addEventListener('pointermove', move, {signal: end.signal});
    for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) currentTarget.addEventListener(name, up, {signal: end.signal});
  }

  _listen(signal) {
    const {model} = this;
    const stops = [model.on('clips', () => this.draw()), model.on('threshold', () => this.draw()), model.on('active', () => {
      const span = model.activeClip && spanOf(model.activeClip.ranges);
      if (span) this.scale.show(span.start_ms, span.end_ms);
      this.draw();
    })];
    signal.addEventListener('abort', () => stops.forEach((stop) => stop()));
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw(), {signal});
    this._themes = new MutationObserver(() => this.draw());
    this._themes.observe(document.documentElement, {attributes: true, attributeFilter: ['data-theme', 'class']});
    this.board.addEventListener('wheel', (event) => {
      event.preventDefault();
      const at = this.scale.ms(event.clientX - this.board.getBoundingClientRect().left);
      if (event.ctrlKey || event.metaKey || Math.abs(event.deltaX) < Math.abs(event.deltaY) && !event.shiftKey) this.scale.zoom(Math.exp(event.deltaY / 300), at);
      else this.scale.move((event.deltaX || event.deltaY) * this.scale.ms_per_px);
      this.draw();
    }, {passive: false});
    this.position.addEventListener('pointerdown', (event) => this._press(event));
  }

  /** A press seeks, a press on a clip chooses it, a drag scrubs. */
  _press(event) {
    if (event.button) return;
    const box = this.board.getBoundingClientRect();
    const at = (one) => Math.max(0, Math.min(this.scale.ms(one.clientX - box.left), this.scale.duration_ms));
    const lane = Math.floor((event.clientY - box.top - (HEIGHT - 2 * LANE)) / LANE);
    const ms = at(event);
    const near = GRAB_PX * this.scale.ms_per_px;
    const hit = lane >= 0 && this._bands().filter((one) => one.lane === lane)
      .find(({ranges}) => spanOf(ranges).start_ms - near <= ms && ms <= spanOf(ranges).end_ms + near);
    if (hit) this.model.activate(hit.key);
    this.seek(ms);
    const end = new AbortController();
    window.addEventListener('pointermove', (move) => this.seek(at(move)), {signal: end.signal});
    for (const name of ['pointerup', 'pointercancel']) window.addEventListener(name, () => end.abort(), {signal: end.signal});
  }

  _keys(event) {
    const step = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -30, PageUp: 30}[event.key];
    if (step && !event.ctrlKey && !event.metaKey && !event.altKey) this.seek(this.playhead_ms + step * (event.shiftKey ? 10_000 : 1000));
    else if (event.key === 'Home') this.seek(0);
    else if (event.key === 'End') this.seek(this.scale.duration_ms);
    else if (event.key === '+' || event.key === '=') this.zoom(0.5, this.playhead_ms);
    else if (event.key === '-') this.zoom(2, this.playhead_ms);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  _scrolled() {
    const free = this.scale.duration_ms - (this.scale.end_ms - this.scale.start_ms);
    this.scale.move((Number(this.overview.value) / 1000) * free - this.scale.start_ms);
    this.draw();
  }

  _resize() {
    this.scale.resize(this.board.clientWidth);
    this.draw();
  }
}
