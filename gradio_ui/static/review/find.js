// Find in the transcript: every place where something is said, one after the other.

import {h, say} from '../lib/dom.js';
import {t} from '../lib/i18n.js';

export class Finder {
  /**
   * @param {import('./words.js').Words} words
   * @param {(hit: [number, number] | null) => void} show goes to a place, or takes the marks away.
   */
  constructor(words, show) {
    this.words = words;
    this.show = show;
    this.hits = [];
    this.places = new Set();
    this.at = -1;
    this.field = h('input', {
      type: 'search', class: 'vc-input rv-find', placeholder: t('review.find'), 'aria-label': t('review.find'), 'aria-keyshortcuts': 'Control+F',
      oninput: () => this._search(), onkeydown: (event) => this._key(event),
    });
    this.count = h('span', {class: 'rv-found', role: 'status'});
    const step = (by, name, sign) => h('button', {type: 'button', class: 'vc-icon', 'aria-label': t(name), title: t(name), onclick: () => this.step(by)}, sign);
    this.element = h('div', {class: 'rv-finder', role: 'search'}, this.field, this.count,
      step(-1, 'review.find.before', '↑'), step(1, 'review.find.next', '↓'));
  }

  get current() {
    return this.hits[this.at] ?? null;
  }

  open(text) {
    if (text) this.field.value = text.slice(0, 80);
    this.field.focus();
    this.field.select();
    this._search();
  }

  step(by) {
    if (!this.hits.length) return;
    this.at = (this.at + by + this.hits.length) % this.hits.length;
    this._tell();
  }

  _search() {
    this.hits = this.words.find(this.field.value);
    this.places = new Set(this.hits.flatMap(([first, last]) => Array.from({length: last - first + 1}, (_, n) => first + n)));
    this.at = this.hits.length ? 0 : -1;
    this._tell();
  }

  _tell() {
    const {length} = this.hits;
    say(this.count, !this.field.value.trim() ? '' : length ? t('review.find.count', {at: this.at + 1, of: length}) : t('review.find.none'));
    this.show(this.current);
  }

  _key(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter') this.step(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape') {
      this.field.value = '';
      this._search();
      this.field.closest('.rv-transcript').querySelector('.rv-scroll').focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
