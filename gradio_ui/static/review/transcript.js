// The transcript as the time line: read, seek, select, correct and strike out, by mouse, touch or keys.

import {h, say} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {length} from '../lib/format.js';
import {toast} from '../lib/toast.js';
import {Finder} from './find.js';
import {makeRow, paintRow} from './rows.js';
import {askSpeaker, speakerBar} from './speakers.js';
import {VirtualList} from './virtual.js';

const FOLLOW_AFTER_MS = 4000;
const LINE_PX = 26;
const EDGE_PX = 36;

export class Transcript {
  /**
   * @param {import('./model.js').Model} model
   * @param {{seek: Function, signal: AbortSignal}} page
   */
  constructor(model, {seek, signal}) {
    this.model = model;
    this.seek = seek;
    this.signal = signal;
    this.now = -1;
    this.selecting = false;
    this._touched = 0;
    this.finder = new Finder(model.words, (hit) => this._found(hit));
    this.status = h('div', {class: 'vc-hidden', role: 'status', 'aria-live': 'polite'});
    this.scroller = h('div', {
      class: 'rv-scroll', tabindex: 0, role: 'region', 'aria-label': t('review.words'), 'aria-describedby': 'rv-transcript-help',
    });
    this.bar = this._selectionBar();
    this.speakers = speakerBar(model, (name) => askSpeaker(model, {name}));
    this.element = h('section', {class: 'rv-transcript', 'aria-label': t('review.transcript')},
      h('div', {class: 'rv-tools'}, this.finder.element, this.speakers.element, this._touchButton()),
      h('p', {id: 'rv-transcript-help', class: 'vc-hidden'}, t('review.transcript.help')),
      this.scroller, this.bar, this.status);
    this.list = new VirtualList(this.scroller, {
      count: model.words.sentences.length,
      estimate: (row) => this._estimate(row),
      make: (row) => this._make(row),
    });
    this.list.body.setAttribute('role', 'list');
    if (this.isEmpty) this.scroller.append(h('p', {class: 'rv-none'}, t('review.transcript.none')));
    this._listen();
  }

  close() {
    this.list.close();
  }

  /** Where the player is: the word is lit, and followed unless somebody reads elsewhere. */
  setTime(ms, follow) {
    const place = this.model.words.placeAt(ms);
    const word = place < 0 ? null : this.model.words.at(place);
    const said = word && ms < word.end_ms + 600 ? place : -1;
    if (said === this.now) return;
    const old = this.now;
    this.now = said;
    this._paint([old, said]);
    const row = said >= 0 ? this.model.words.at(said).row : -1;
    if (follow && row >= 0 && Date.now() - this._touched > FOLLOW_AFTER_MS && !this.list.sees(row)) this.list.show(row, 'middle');
  }

  showPlace(place, align = 'near') {
    if (this.model.words.length) this.list.show(this.model.words.at(place).row, align);
  }

  find() {
    this.finder.open(this.model.selection && this.model.words.textOf(this.model.selection.first, this.model.selection.last));
  }

  // ------------------------------------------------------------------ what selected words become

  get places() {
    return this.model.selection ?? {first: this.model.cursor, last: this.model.cursor};
  }

  /** Whether there is anything to work on. */
  get isEmpty() {
    return this.model.words.length === 0;
  }

  makeClip() {
    if (this.isEmpty) return;
    const {first, last} = this.places;
    this.model.makeClip(first, last);
    this.model.select(null);
  }

  trimClip() {
    if (!this.model.activeClip || !this.model.selection) return toast(t('review.trim.none'));
    const {first, last} = this.model.selection;
    this.model.trimTo(this.model.active, first, last);
    this.model.select(null);
  }

  strike() {
    if (this.isEmpty) return;
    const {first, last} = this.places;
    const done = this.model.strike(first, last);
    if (done === 'no clip' || done === 'all') toast(t(done === 'all' ? 'review.strike.all' : 'review.strike.none'));
    if (done !== 'locked') say(this.status, t(`review.said.${done.replace(' ', '-')}`, {count: last - first + 1}));
  }

  /** Write another text for a word, in its place. */
  edit(place = this.places.first) {
    if (this.isEmpty) return;
    this.showPlace(place);
    const word = this._wordElement(place);
    if (!word || this.editing) return;
    const old = this.model.words.at(place).text;
    const field = h('input', {class: 'rv-edit', value: old, maxlength: 200, 'aria-label': t('review.edit.word', {word: old}), autocomplete: 'off', spellcheck: 'false'});
    field.style.setProperty('inline-size', `${Math.max(3, [...old].length + 2)}ch`);
    this.editing = true;
    let ended = false;
    const end = (keep, next) => {
      if (ended) return;
      ended = true;
      this.editing = false;
      const changed = keep && this.model.setText(place, field.value);
      if (!changed) field.replaceWith(word);
      const focused = next === 0 || next === undefined ? place : Math.max(0, Math.min(place + next, this.model.words.length - 1));
      if (next !== undefined) this.scroller.focus({preventScroll: true});
      this.model.moveTo(focused);
      if (next) this.edit(focused);
    };
    field.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === 'Enter') end(true, 0);
      else if (event.key === 'Escape') end(false, 0);
      else if (event.key === 'Tab') end(true, event.shiftKey ? -1 : 1);
      else return;
      event.preventDefault();
    });
    field.addEventListener('blur', () => end(true));
    word.replaceWith(field);
    field.focus();
    field.select();
  }

  move(by, extend = false) {
    const {model} = this;
    if (this.isEmpty) return;
    const last = Math.max(0, Math.min(model.cursor + by, model.words.length - 1));
    if (extend) model.select(this._anchor(), last);
    else {
      this.anchor = last;
      model.moveTo(last);
    }
    this.showPlace(last);
  }

  moveRow(by, extend = false) {
    const {words, cursor} = this.model;
    if (!words.length) return;
    const row = Math.max(0, Math.min(words.at(cursor).row + by, words.sentences.length - 1));
    const sentence = words.sentences[row];
    const target = Math.min(sentence.first + cursor - words.sentences[words.at(cursor).row].first, sentence.last);
    this.move(target - cursor, extend);
  }

  _anchor() {
    const {selection, cursor} = this.model;
    if (!selection) this.anchor = cursor;
    return this.anchor ?? cursor;
  }

  // ------------------------------------------------------------------ rows

  _make(row) {
    return makeRow(this.model, row, this._lights());
  }

  _lights() {
    return {hits: this.finder.places, hit: this.finder.current, now: this.now};
  }

  _paint(places) {
    const rows = places ? new Set(places.filter((place) => place >= 0).map((place) => this.model.words.at(place)?.row)) : null;
    for (const [row, element] of this.list.shown) {
      if (!rows || rows.has(row)) paintRow(element, this.model, this._lights());
    }
  }

  _wordElement(place) {
    const row = this.model.words.at(place)?.row;
    return this.list.shown.get(row)?.querySelector(`[data-place="${place}"]`) ?? null;
  }

  _estimate(row) {
    const {first, last} = this.model.words.sentences[row];
    const wide = this.scroller.clientWidth < 560;
    const letters = this.model.words.textOf(first, last).replace(/[\u2e80-\uffef]/g, 'xx').length;
    const line = Math.max(16, (this.scroller.clientWidth - (wide ? 24 : 170)) / 8);
    return Math.ceil(letters / line) * LINE_PX + (wide ? 34 : 10);
  }

  _found(hit) {
    if (hit) {
      this.model.moveTo(hit[0]);
      this.showPlace(hit[0], 'middle');
    }
    this._paint();
  }

  // ------------------------------------------------------------------ listening

  _listen() {
    const {model, scroller, signal} = this;
    const again = (places) => {
      this.list.refresh(new Set(places.map((place) => model.words.at(place).row).flatMap((row) => [row, row + 1])));
    };
    const stops = [
      model.on('marks', again),
      model.on('words', (places) => {
        again(places);
        this.speakers.draw();
      }),
      model.on('clips', () => this._paint()),
      model.on('active', () => this._paint()),
      model.on('selection', () => this._selected()),
    ];
    signal.addEventListener('abort', () => stops.forEach((stop) => stop()));
    scroller.addEventListener('pointerdown', (event) => this._press(event));
    scroller.addEventListener('dblclick', (event) => {
      const place = placeOf(event.target);
      if (place !== null) this.edit(place);
    });
    scroller.addEventListener('click', (event) => {
      const chip = event.target.closest('[data-chip]');
      if (chip) askSpeaker(model, {row: Number(chip.dataset.chip)});
    });
    for (const name of ['wheel', 'touchmove']) scroller.addEventListener(name, () => { this._touched = Date.now(); }, {passive: true});
    scroller.addEventListener('copy', (event) => {
      if (!model.selection) return;
      event.clipboardData.setData('text/plain', model.words.textOf(model.selection.first, model.selection.last));
      event.preventDefault();
    });
  }

  /** A press on a word seeks there; drawn over others it selects them. */
  _press(event) {
    const place = placeOf(event.target);
    if (place === null || event.button) return;
    this._touched = Date.now();
    const touch = event.pointerType === 'touch';
    if (event.shiftKey || this.selecting) {
      this.model.select(this._anchor(), place);
      event.preventDefault();
      return;
    }
    this.anchor = place;
    let moved = false;
    const end = new AbortController();
    const scroll = (y) => {
      const box = this.scroller.getBoundingClientRect();
      if (y < box.top + EDGE_PX) this.scroller.scrollTop -= 14;
      else if (y > box.bottom - EDGE_PX) this.scroller.scrollTop += 14;
    };
    const drag = (move) => {
      const over = placeOf(document.elementFromPoint(move.clientX, move.clientY));
      scroll(move.clientY);
      if (over === null || (over === place && !moved)) return;
      moved = true;
      this.model.select(place, over);
    };
    const up = () => {
      end.abort();
      if (moved) return;
      this.model.moveTo(place);
      this.seek(this.model.words.at(place).start_ms);
    };
    if (!touch) window.addEventListener('pointermove', drag, {signal: end.signal});
    window.addEventListener('pointerup', up, {signal: end.signal});
    window.addEventListener('pointercancel', () => end.abort(), {signal: end.signal});
  }

  _selected() {
    const {selection, words, cursor} = this.model;
    this.bar.hidden = selection === null;
    this._paint();
    if (!words.length) return;
    if (selection) {
      const {start_ms, end_ms} = words.rangeOf(selection.first, selection.last);
      const count = selection.last - selection.first + 1;
      say(this.count, t('review.selected', {count, time: length(end_ms - start_ms)}));
      say(this.status, this.count.textContent);
    } else if (document.activeElement === this.scroller) say(this.status, `${length(words.at(cursor).start_ms)} ${words.at(cursor).text}`);
  }

  _selectionBar() {
    this.count = h('span', {class: 'rv-count'});
    const button = (name, key, run) => h('button', {type: 'button', class: 'vc-button vc-small', 'aria-keyshortcuts': key, onclick: () => { run(); this.scroller.focus({preventScroll: true}); }},
      t(`review.selection.${name}`), ' ', h('kbd', {'aria-hidden': 'true'}, t(`review.key.${name}`)));
    return h('div', {class: 'rv-selection', hidden: true, role: 'toolbar', 'aria-label': t('review.selection')}, this.count,
      button('clip', 'Enter', () => this.makeClip()),
      button('trim', 'T', () => this.trimClip()),
      button('strike', 'Backspace', () => this.strike()),
      button('none', 'Escape', () => this.model.select(null)));
  }

  _touchButton() {
    const button = h('button', {
      type: 'button', class: 'vc-button vc-small rv-touch', 'aria-pressed': 'false',
      onclick: () => {
        this.selecting = !this.selecting;
        button.setAttribute('aria-pressed', String(this.selecting));
      },
    }, t('review.select'));
    return button;
  }
}

function placeOf(target) {
  const word = target?.closest?.('[data-place]');
  return word ? Number(word.dataset.place) : null;
}
