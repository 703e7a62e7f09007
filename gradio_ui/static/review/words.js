/** The words of a transcript as flat lists: by place, by time, as text; nothing here changes them. */

const CJK = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[\ud840-\ud87f]/;
const UNSPACED = new Set(['zh', 'ja', 'yue', 'th', 'lo', 'km', 'my']);

/** Below this a word is shown lighter: the recogniser was not sure. */
export const UNSURE = 0.6;

export class Words {
  /**
   * @param {{language: string, duration_ms: number, sentences: object[]}} transcript as the API gives it.
   *
   * Places are numbers from 0 in the order of the transcript; ids are those of the API.
   */
  constructor(transcript) {
    this.language = transcript.language;
    this.duration_ms = transcript.duration_ms;
    this.list = [];
    this.sentences = [];
    this.placeOfId = new Map();
    for (const sentence of transcript.sentences) {
      const first = this.list.length;
      for (const word of sentence.words) {
        this.placeOfId.set(word.id, this.list.length);
        this.list.push({
          id: word.id, text: word.text, start_ms: word.start_ms, end_ms: word.end_ms,
          confidence: word.confidence, speaker: word.speaker, row: this.sentences.length,
        });
      }
      this.sentences.push({id: sentence.id, first, last: this.list.length - 1});
    }
    this.rowOfId = new Map(this.sentences.map((sentence, row) => [sentence.id, row]));
    this._spaced = !UNSPACED.has(transcript.language.replace('_', '-').split('-')[0].toLowerCase());
  }

  get length() {
    return this.list.length;
  }

  at(place) {
    return this.list[place];
  }

  /** Place of the last word that begins at or before a moment; -1 before the first. */
  placeAt(ms) {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle].start_ms <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Places of the first and last word of which at least half lies in a range; null: none. */
  placesIn(start_ms, end_ms) {
    let first = Math.max(0, this.placeAt(start_ms));
    while (first < this.length && middleOf(this.list[first]) < start_ms) first += 1;
    let last = Math.min(this.length - 1, this.placeAt(end_ms));
    while (last >= 0 && middleOf(this.list[last]) >= end_ms) last -= 1;
    return first <= last ? [first, last] : null;
  }

  /** What a run of words takes of the source: from its first word's begin to its last word's end. */
  rangeOf(first, last) {
    const range = {start_ms: this.list[first].start_ms, end_ms: this.list[last].end_ms};
    return {...range, end_ms: Math.max(range.end_ms, range.start_ms + 1)};
  }

  /**
   * What is cut out when a run of words is struck out: from the end of the word before to the begin of the word
   * after, so that no half pause is left on either side; at most 300 ms more than the words themselves.
   */
  cutOf(first, last) {
    const {start_ms, end_ms} = this.rangeOf(first, last);
    const before = first > 0 ? this.list[first - 1].end_ms : 0;
    const after = last + 1 < this.length ? this.list[last + 1].start_ms : this.duration_ms;
    return {
      start_ms: Math.max(Math.min(before, start_ms), start_ms - 40),
      end_ms: Math.min(Math.max(after, end_ms), end_ms + 300),
    };
  }

  /** Whether there is a space between a word and the one after it. */
  spaceAfter(place) {
    if (place + 1 >= this.length) return false;
    if (this._spaced) return true;
    const text = this.list[place].text;
    return !CJK.test(text[text.length - 1]) && !CJK.test(this.list[place + 1].text[0]);
  }

  textOf(first, last) {
    const parts = [];
    for (let place = first; place <= last; place += 1) {
      parts.push(this.list[place].text);
      if (place < last && this.spaceAfter(place)) parts.push(' ');
    }
    return parts.join('');
  }

  /** The name that all words of a sentence carry; null: none, or several. */
  speakerOf(row) {
    const {first, last} = this.sentences[row];
    const name = this.list[first].speaker;
    for (let place = first + 1; place <= last; place += 1) {
      if (this.list[place].speaker !== name) return null;
    }
    return name;
  }

  /** Names with the number of their sentences, those who say most first. */
  speakers() {
    const counts = new Map();
    for (const sentence of this.sentences) {
      const name = this.list[sentence.first].speaker;
      if (name != null) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]).map(([name, sentences]) => ({name, sentences}));
  }

  /**
   * Places where a text is said, as runs `[first, last]`, over the borders of words; case does not matter.
   * @param {string} text what to find; empty finds nothing.
   */
  find(text, most = 2000) {
    const wanted = fold(text).trim().replace(/\s+/g, ' ');
    if (!wanted) return [];
    const found = [];
    if (!this._folded) this._fold();
    const {folded, starts} = this._folded;
    for (let at = folded.indexOf(wanted); at >= 0 && found.length < most;) {
      const first = placeOf(starts, at);
      const last = placeOf(starts, at + wanted.length - 1);
      found.push([first, last]);
      at = folded.indexOf(wanted, at + wanted.length);
    }
    return found;
  }

  /** Forget what was prepared for `find`; after words have changed. */
  touched() {
    this._folded = null;
  }

  _fold() {
    const starts = new Uint32Array(this.length + 1);
    const parts = [];
    let length = 0;
    this.list.forEach((word, place) => {
      starts[place] = length;
      const text = fold(word.text) + (this.spaceAfter(place) ? ' ' : '');
      parts.push(text);
      length += text.length;
    });
    starts[this.length] = length;
    this._folded = {folded: parts.join(''), starts};
  }
}

function middleOf(word) {
  return (word.start_ms + word.end_ms) / 2;
}

function fold(text) {
  return text.normalize('NFKC').toLowerCase();
}

function placeOf(starts, at) {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
