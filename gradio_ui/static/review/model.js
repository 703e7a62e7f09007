/**
 * The state of a review: words, clips, what is selected, what was done. It knows no page and no server.
 *
 * Clips and words are values: a change puts another object in their place, so that it can be taken back. Topics to listen
 * to: `words` (places), `clips` (keys), `active`, `selection`, `threshold`, `history`, `locked` (a change was refused).
 */

import {sameRender} from './diff.js';
import {History} from './history.js';
import * as R from './ranges.js';

/**
 * @typedef {object} Clip
 * @property {string} key candidate id, id of an edited clip, or a name of this page.
 * @property {object|null} candidate as the API gives it; null: made by hand.
 * @property {string} title
 * @property {R.Range[]} ranges in the order they play.
 * @property {object} render options as in a request.
 * @property {'accepted'|'rejected'|null} decision
 */

export class Model {
  /**
   * @param {import('./words.js').Words} words
   * @param {Clip[]} clips
   * @param {{render?: object}} options `render`: how clips made here are rendered.
   */
  constructor(words, clips, { render = {} } = {}) {
    this.words = words;
    this.render = render;
    this.clips = new Map(clips.map((clip) => [clip.key, clip]));
    this.history = new History();
    this.active = null;
    this.selection = null;
    this.cursor = 0;
    this.edge = 'in';
    this.mark = null;
    this.locked = false;
    this.threshold = lowestSelected(clips);
    this._listeners = new Map();
    this._made = 0;
  }

  on(topic, listener) {
    if (!this._listeners.has(topic)) this._listeners.set(topic, new Set());
    this._listeners.get(topic).add(listener);
    return () => this._listeners.get(topic).delete(listener);
  }

  emit(topic, detail) {
    for (const listener of this._listeners.get(topic) ?? []) listener(detail);
  }

  // ------------------------------------------------------------------ looking

  get activeClip() {
    return this.clips.get(this.active) ?? null;
  }

  /** What becomes of a clip: accepted, rejected, open, under (the threshold) or dropped (by the job). */
  standing(clip) {
    if (clip.decision) return clip.decision;
    if (!clip.candidate) return 'accepted';
    if (clip.candidate.score < this.threshold) return 'under';
    return clip.candidate.selected || !clip.candidate.dropped ? 'open' : 'dropped';
  }

  /** The clips that are rendered. */
  get accepted() {
    return [...this.clips.values()].filter((clip) => this.standing(clip) === 'accepted');
  }

  /** Whether a clip is other than its job found it. */
  isEdited(clip) {
    if (!clip.candidate) return true;
    const {start_ms, end_ms, title} = clip.candidate;
    return clip.title !== title.slice(0, 200) || !R.isEqual(clip.ranges, [{start_ms, end_ms}])
      || !sameRender(clip.render, this.render);
  }

  /** `in`, `struck` (cut out of the active clip) or empty, for a word. */
  wordState(place, clip = this.activeClip) {
    if (!clip) return '';
    const word = this.words.at(place);
    const middle = (word.start_ms + word.end_ms) / 2;
    if (R.covers(clip.ranges, middle)) return 'in';
    const span = R.spanOf(clip.ranges);
    return span && span.start_ms <= middle && middle < span.end_ms && R.isInOrder(clip.ranges) ? 'struck' : '';
  }

  // ------------------------------------------------------------------ choosing; no steps to undo

  activate(key) {
    if (this.active === key) return;
    this.active = key;
    this.emit('active');
  }

  select(first, last) {
    this.selection = first == null ? null : {first: Math.min(first, last), last: Math.max(first, last)};
    if (last != null) this.cursor = last;
    this.emit('selection');
  }

  moveTo(place) {
    this.cursor = Math.max(0, Math.min(place, this.words.length - 1));
    this.selection = null;
    this.emit('selection');
  }

  setThreshold(score) {
    this.threshold = score;
    this.emit('threshold');
  }

  // ------------------------------------------------------------------ words

  setText(place, text) {
    const clean = oneLine(text);
    const word = this.words.at(place);
    if (!clean || clean === word.text || clean.length > 200) return false;
    return this._step('correct', [], [[place, word, {...word, text: clean, confidence: null, corrected: true}]]);
  }

  /** Another name for a speaker, everywhere; a name that somebody has already merges the two. */
  renameSpeaker(old, name) {
    const clean = oneLine(name).slice(0, 80);
    if (!clean || clean === old) return false;
    const changes = [];
    this.words.list.forEach((word, place) => {
      if (word.speaker === old) changes.push([place, word, {...word, speaker: clean}]);
    });
    return changes.length > 0 && this._step('speaker', [], changes);
  }

  /** Who says some sentences. */
  setSpeaker(rows, name) {
    const clean = name === null ? null : oneLine(name).slice(0, 80) || null;
    const changes = [];
    for (const row of rows) {
      const {first, last} = this.words.sentences[row];
      for (let place = first; place <= last; place += 1) {
        const word = this.words.at(place);
        if (word.speaker !== clean) changes.push([place, word, {...word, speaker: clean}]);
      }
    }
    return changes.length > 0 && this._step('speaker', [], changes);
  }

  /** Have all words and speakers as an earlier version had them; one step. */
  restore(texts, speakers) {
    const changes = [];
    this.words.list.forEach((word, place) => {
      if (word.text === texts[place] && (word.speaker ?? null) === speakers[place]) return;
      changes.push([place, word, {...word, text: texts[place], speaker: speakers[place], confidence: null, corrected: true}]);
    });
    return changes.length && this._step('version', [], changes) ? changes.length : 0;
  }

  // ------------------------------------------------------------------ clips

  /** A clip of a run of words; it becomes the active one. Gives its key. */
  makeClip(first, last) {
    return this.makeClipOf([this.words.rangeOf(first, last)], this.words.textOf(first, last));
  }

  makeClipOf(ranges, text = '') {
    this._made += 1;
    const key = `new-${Date.now().toString(36)}-${this._made}`;
    const title = Array.from(text).slice(0, 60).join('');
    const render = this.activeClip?.render ?? this.render;
    const clip = { key, candidate: null, title, ranges, render: {...render}, decision: 'accepted' };
    if (!this._step('make', [[key, undefined, clip]], [])) return null;
    this.activate(key);
    return key;
  }

  removeClip(key) {
    const clip = this.clips.get(key);
    if (!clip || clip.candidate) return false;
    return this._step('remove', [[key, clip, undefined]], []);
  }

  decide(keys, decision) {
    const changes = [];
    for (const key of [keys].flat()) {
      const clip = this.clips.get(key);
      if (clip && clip.decision !== decision) changes.push([key, clip, {...clip, decision}]);
    }
    return changes.length > 0 && this._step(decision ?? 'undecide', changes, []);
  }

  setTitle(key, title) {
    const clean = oneLine(title).slice(0, 200);
    return this._edit(key, 'title', (clip) => (clean === clip.title ? null : {title: clean}));
  }

  /** Change how clips are rendered; keys that are undefined stay. */
  setRender(keys, patch, gesture = null) {
    const changes = [];
    for (const key of [keys].flat()) {
      const clip = this.clips.get(key);
      const render = {...clip.render, ...patch};
      if (!sameRender(render, clip.render)) changes.push([key, clip, accepted({...clip, render})]);
    }
    return changes.length > 0 && this._step('style', changes, [], gesture);
  }

  /** Move the begin (`in`) or the end (`out`) of a clip. */
  trim(key, edge, ms, gesture = null) {
    const move = edge === 'in' ? R.withStart : R.withEnd;
    const at = Math.round(Math.max(0, Math.min(ms, this.words.duration_ms)));
    return this._setRanges(key, 'trim', (ranges) => move(ranges, at), gesture);
  }

  /** Move an edge to the border of the next word in a direction (-1 or 1). */
  nudge(key, edge, direction) {
    const span = R.spanOf(this.clips.get(key).ranges);
    const at = edge === 'in' ? span.start_ms : span.end_ms;
    const border = edge === 'in' ? 'start_ms' : 'end_ms';
    let place = Math.max(0, Math.min(this.words.placeAt(at) - direction, this.words.length - 1));
    while (this.words.at(place) && (this.words.at(place)[border] - at) * direction <= 0) place += direction;
    const word = this.words.at(place);
    return word ? this.trim(key, edge, word[border]) : false;
  }

  /** Trim a clip to a run of words, or lengthen it to them; what was struck out inside stays out. */
  trimTo(key, first, last) {
    const {start_ms, end_ms} = this.words.rangeOf(first, last);
    return this._setRanges(key, 'trim', (ranges) => {
      const inside = R.touches(ranges, start_ms, end_ms);
      return inside ? R.withEnd(R.withStart(ranges, start_ms), end_ms) : [{start_ms, end_ms}];
    });
  }

  /**
   * Strike words out of the clip that plays them, or put them back where all of them are out.
   * @returns {'struck'|'restored'|'no clip'|'all'|'locked'} what was done; `all`: nothing would be left.
   */
  strike(first, last) {
    const {start_ms, end_ms} = this.words.rangeOf(first, last);
    const holds = (clip) => {
      const span = clip && R.spanOf(clip.ranges);
      return span && span.start_ms < end_ms && start_ms < span.end_ms;
    };
    const clip = [this.activeClip, ...this.accepted, ...this.clips.values()].find(holds);
    if (!clip) return 'no clip';
    let out = R.isInOrder(clip.ranges);
    for (let place = first; place <= last && out; place += 1) out = this.wordState(place, clip) === 'struck';
    const cut = this.words.cutOf(first, last);
    const change = out ? R.withAlso : R.without;
    const left = change(clip.ranges, cut.start_ms, cut.end_ms);
    if (!left.length) return 'all';
    if (!this._setRanges(clip.key, out ? 'restore' : 'strike', () => left)) return 'locked';
    this.activate(clip.key);
    return out ? 'restored' : 'struck';
  }

  setRanges(key, ranges) {
    return this._setRanges(key, 'trim', () => ranges);
  }

  // ------------------------------------------------------------------ undo, and what others did

  undo() {
    const step = this.history.back();
    if (step) this._apply(step, 1);
    return step?.label ?? null;
  }

  redo() {
    const step = this.history.forward();
    if (step) this._apply(step, 2);
    return step?.label ?? null;
  }

  /** Take over what somebody else has changed; it is no step of ours. */
  takeOver({clips = [], words = []}) {
    this._apply({clips: clips.map(([key, clip]) => [key, null, clip]), words: words.map(([p, w]) => [p, null, w])}, 2);
  }

  _edit(key, label, change, gesture = null) {
    const clip = this.clips.get(key);
    const patch = clip && change(clip);
    if (!patch) return false;
    return this._step(label, [[key, clip, accepted({...clip, ...patch})]], [], gesture);
  }

  _setRanges(key, label, change, gesture = null) {
    return this._edit(key, label, (clip) => {
      const ranges = change(clip.ranges);
      return R.isEqual(ranges, clip.ranges) ? null : {ranges};
    }, gesture);
  }

  /** Do something; false: one may only look. */
  _step(label, clips, words, gesture = null) {
    if (this.locked) {
      this.emit('locked');
      return false;
    }
    const step = {label, clips, words, gesture};
    this.history.push(step);
    this._apply({clips, words}, 2);
    return true;
  }

  /** Put one side of changes in place: 1 as it was before, 2 as it is after. */
  _apply(step, side) {
    for (const change of step.clips) {
      const value = carried(this.clips.get(change[0]), change[3 - side], change[side]);
      if (value === undefined) this.clips.delete(change[0]);
      else this.clips.set(change[0], value);
    }
    for (const change of step.words) this.words.list[change[0]] = carried(this.words.at(change[0]), change[3 - side], change[side]);
    if (step.words.length) {
      this.words.touched();
      this.emit('words', step.words.map((change) => change[0]));
    }
    if (step.clips.length) this.emit('clips', step.clips.map((change) => change[0]));
    if (this.active !== null && !this.clips.has(this.active)) this.activate(null);
    this.emit('history');
  }
}

/** A value brought from one state to another; what somebody else has changed of it meanwhile stays. */
function carried(now, from, to) {
  if (!now || !from || !to || now === from) return to;
  const changed = Object.keys(to).filter((name) => from[name] !== to[name]);
  return {...now, ...Object.fromEntries(changed.map((name) => [name, to[name]]))};
}

/** What the server takes: one line that can be printed. */
function oneLine(text) {
  return text.replace(/\s+/g, ' ').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
}

/** Whoever works on a clip wants it. */
function accepted(clip) {
  return {...clip, decision: 'accepted'};
}

function lowestSelected(clips) {
  const scores = clips.filter((clip) => clip.candidate?.selected).map((clip) => clip.candidate.score);
  return scores.length ? Math.floor(Math.min(...scores) * 100) / 100 : 0;
}
