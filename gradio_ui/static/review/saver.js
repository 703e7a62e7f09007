/**
 * Keeps the server's versions up with what is on the screen: saves by itself, waits out a broken line, and asks where two
 * people have changed the same.
 *
 * Nothing is queued: what is still to be sent is the difference between the review and what the server has told. So a
 * change that was undone meanwhile is never sent, and nothing is sent twice.
 */

import {changeOf, correctionOf, flatten, snapshotOf} from './diff.js';
import {mergeClip, mergeWords} from './merge.js';

const WAIT_MS = 500;
const LONGEST_MS = 4000;
const RETRY_MS = [1000, 2000, 5000, 10000, 20000];

/**
 * @typedef {'saved'|'unsaved'|'saving'|'offline'|'conflict'|'failed'} State
 */

export class Saver {
  /**
   * @param {import('./model.js').Model} model
   * @param {object} remote the server; see `remote.js`. Its failures have `status`, 0 where none was reached.
   * @param {{transcript: object|null, specs: Array, decisions: Array}} saved what was loaded.
   * @param {{ask: Function, told: Function, wait_ms?: number}} page `ask(conflict)` gives 'mine' or 'theirs';
   *   `told(what)` hears of changes by others.
   */
  constructor(model, remote, saved, { ask, told = () => {}, wait_ms = WAIT_MS }) {
    this.model = model;
    this.remote = remote;
    this.ask = ask;
    this.told = told;
    this.wait_ms = wait_ms;
    this.transcript = saved.transcript && {...saved.transcript, ...snapshotOf(model.words)};
    this.specs = new Map(saved.specs);
    this.decisions = new Map(saved.decisions);
    this.wanted = new Set();
    this.state = 'saved';
    this.saved_at = null;
    this.error = null;
    this._listeners = new Set();
    this._failures = 0;
    this._running = null;
    this._first = 0;
    this._stops = [model.on('words', () => this.soon()), model.on('clips', () => this.soon())];
  }

  onState(listener) {
    this._listeners.add(listener);
    return () => this._listeners.delete(listener);
  }

  /** Version of the transcript and of all clips together: a number that grows with every save. */
  get version() {
    return [...this.specs.values()].reduce((sum, spec) => sum + spec.version, this.transcript?.version ?? 0);
  }

  /** Whether anything is still to be sent. */
  get dirty() {
    return this._correction() !== null || this._clips().length > 0 || this._gone().length > 0 || this._undecided().length > 0;
  }

  /** Whether something is being sent. */
  get busy() {
    return this._running !== null;
  }

  /** Take in a newer transcript. */
  async catchUp() {
    await this._newerTranscript();
  }

  /** Save when the hands have rested for a moment. */
  soon() {
    if (this.state === 'saved' || this.state === 'failed') this._set('unsaved');
    this._later(this.wait_ms);
  }

  _later(wait_ms) {
    const now = Date.now();
    this._first ||= now;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this.flush(), Math.max(0, Math.min(wait_ms, this._first + LONGEST_MS - now)));
  }

  /** Save now. True: the server has everything. */
  async flush() {
    clearTimeout(this._timer);
    this._first = 0;
    if (this._running) {
      await this._running;
      return this.dirty ? this.flush() : this.state === 'saved';
    }
    this._running = this._all();
    try {
      return await this._running;
    } finally {
      this._running = null;
    }
  }

  /** Have the server know these clips, so that they can be rendered; true: it does. */
  async ensure(keys) {
    for (const key of keys) this.wanted.add(key);
    return this.flush();
  }

  close() {
    clearTimeout(this._timer);
    clearTimeout(this._retry);
    for (const stop of this._stops) stop();
  }

  async _all() {
    clearTimeout(this._retry);
    try {
      for (let round = 0; this.dirty; round += 1) {
        if (round > 20) throw Object.assign(new Error('it does not come to rest'), {status: 500});
        this._set('saving');
        await this._transcript();
        for (const key of this._clips()) await this._clip(key);
        for (const key of this._gone()) await this._forget(key);
        for (const key of this._undecided()) await this._decide(key);
      }
      this._failures = 0;
      this.error = null;
      this.saved_at = Date.now();
      this._set('saved');
      return true;
    } catch (error) {
      this.error = error;
      const broken = error.status === 0 || error.status === 429 || error.status >= 500;
      if (broken) this._retry = setTimeout(() => void this.flush(), RETRY_MS[Math.min(this._failures, RETRY_MS.length - 1)]);
      this._failures += 1;
      this._set(error.status === 0 ? 'offline' : 'failed');
      return false;
    }
  }

  // ------------------------------------------------------------------ words

  _correction() {
    return this.transcript && correctionOf(this.model.words, this.transcript);
  }

  async _transcript() {
    const correction = this._correction();
    if (!correction) return;
    try {
      const told = await this.remote.correct(this.transcript.id, {base_version: this.transcript.version, ...correction});
      this._took(told);
    } catch (error) {
      if (error.status !== 409) throw error;
      await this._newerTranscript();
    }
  }

  /** Somebody else was quicker: put both together, and ask where they clash. */
  async _newerTranscript() {
    const told = await this.remote.transcript(this.transcript.id);
    const theirs = flatten(told.content);
    const {take, clash} = mergeWords(this.model.words, this.transcript, theirs);
    if (take.length) {
      this.model.takeOver({words: take});
      this.told({kind: 'words', count: take.length});
    }
    if (clash.length) {
      this._set('conflict');
      const answer = await this.ask({kind: 'words', clash});
      if (answer === 'theirs') this.model.takeOver({ words: clash.map(({place, word}) => [place, word]) });
    }
    this._took(told);
  }

  _took(told) {
    Object.assign(this.transcript, {version: told.version, ...flatten(told.content)});
  }

  // ------------------------------------------------------------------ clips

  /** Keys of clips that the server has otherwise, or not at all. */
  _clips() {
    const {clips} = this.model;
    return [...clips.keys()].filter((key) => {
      const spec = this.specs.get(key);
      if (spec) return changeOf(clips.get(key), spec) !== null;
      return this.wanted.has(key) || this.model.isEdited(clips.get(key));
    });
  }

  _gone() {
    return [...this.specs.keys()].filter((key) => !this.model.clips.has(key));
  }

  async _clip(key) {
    const clip = this.model.clips.get(key);
    const spec = this.specs.get(key);
    if (!clip) return;
    if (!spec) {
      this.specs.set(key, await this.remote.create(clip, this._strangers()));
      return;
    }
    try {
      this.specs.set(key, await this.remote.change(spec.id, {base_version: spec.version, ...changeOf(clip, spec)}));
    } catch (error) {
      if (error.status === 404) this.specs.delete(key);
      else if (error.status === 409) await this._newerClip(key, spec);
      else throw error;
    }
  }

  /** Whether an edited clip that the server has is none of those we know: ours whose answer was lost, perhaps. */
  _strangers() {
    const known = new Set([...this.specs.values()].map((spec) => spec.id));
    return (spec) => !known.has(spec.id);
  }

  async _newerClip(key, base) {
    const theirs = await this.remote.spec(base.id);
    const {clip, clash} = mergeClip(this.model.clips.get(key), base, theirs);
    let taken = clip;
    if (clash.length) {
      this._set('conflict');
      const answer = await this.ask({kind: 'clip', clip, theirs, clash});
      if (answer === 'theirs') for (const field of clash) taken = {...taken, [field]: theirs[field]};
    } else {
      this.told({kind: 'clip', title: theirs.title});
    }
    this.specs.set(key, theirs);
    this.model.takeOver({clips: [[key, taken]]});
  }

  async _forget(key) {
    try {
      await this.remote.forget(this.specs.get(key).id);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    this.specs.delete(key);
    this.wanted.delete(key);
  }

  // ------------------------------------------------------------------ decisions

  _undecided() {
    return [...this.model.clips.values()]
      .filter((clip) => clip.candidate && clip.decision !== (this.decisions.get(clip.key) ?? null))
      .map((clip) => clip.key);
  }

  async _decide(key) {
    const {decision} = this.model.clips.get(key);
    await this.remote.decide(key, decision);
    this.decisions.set(key, decision);
  }

  _set(state) {
    this.state = state;
    for (const listener of this._listeners) listener(state);
  }
}
