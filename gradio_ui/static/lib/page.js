// The base of every page's element.

import {boot} from './boot.js';
import {add, fill, h} from './dom.js';
import {has, language, t} from './i18n.js';

/**
 * A page. Subclasses have `static tag = 'vc-page-…'` and `async open(query)`, which fills `this`.
 * `this.signal` is aborted when the page is left: give it to requests, streams and listeners.
 */
export class Page extends HTMLElement {
  #end = new AbortController();

  /** Ends what the page began. */
  get signal() { return this.#end.signal; }

  /** The shell calls it once the element is in the document. */
  async start(query) {
    this.classList.add('vc-page');
    try {
      await this.open(query);
    } catch (error) {
      if (this.signal.aborted) return;
      fill(this, fault(error, () => { fill(this); this.start(query); }));
    }
  }

  /** Fill the page. */
  async open(query) {
    void query;
    throw new Error('a page has an open()');
  }

  disconnectedCallback() {
    this.#end.abort(new DOMException('the page was left', 'AbortError'));
  }

  /** What the window is called. */
  title(text) {
    document.title = text ? `${text} · Video-Clip` : 'Video-Clip';
  }
}

/** Codes that say little by themselves: the server's own words belong to them in every language. */
const VAGUE = new Set(['invalid_request', 'usage', 'wrong_state', 'conflict', 'source_refused']);

/** An error for people: what happened, what to do. The server's words are English; other languages have a table. */
export function explain(error) {
  if (error?.offline) return {title: t('error.offline'), detail: t('error.offline.do')};
  const code = error?.code || '';
  const words = [error?.title || error?.message || '', error?.detail || ''];
  const known = has(`error.${code}`) && (language() !== 'en' || !words[0]);
  const title = known ? t(`error.${code}`) : words[0] || t('error.unknown');
  const detail = known ? [VAGUE.has(code) ? words[0] : '', t(`error.${code}.do`)] : [words[1]];
  const more = (error?.errors || []).map((one) => (typeof one === 'string' ? one : one.msg || one.message || ''));
  return {title, detail: [...detail, ...more].filter(Boolean).join(' '), id: error?.requestId || ''};
}

/** A box that tells an error, with a button that tries again. */
export function fault(error, retry) {
  const {title, detail, id} = explain(error);
  return h('div', {class: 'vc-fault', role: 'alert'},
    h('strong', {}, title), detail && h('p', {}, detail),
    id && h('p', {class: 'vc-faint'}, t('error.id', {id})),
    retry && h('button', {type: 'button', class: 'vc-button', onclick: retry}, t('again')));
}

/** A box for when there is nothing: why, and what to do next. */
export function empty(title, text, ...actions) {
  return h('div', {class: 'vc-empty'}, h('h2', {}, title), text && h('p', {}, text),
    actions.length ? h('div', {class: 'vc-row vc-center'}, actions) : null);
}

/** Something is being loaded; told to readers, shown only when it takes a moment. */
export function loading(text = t('loading')) {
  return h('div', {class: 'vc-loading', role: 'status'}, h('span', {class: 'vc-spin', 'aria-hidden': 'true'}), add(h('span'), text));
}

/** A bar: value and whole as numbers; whole null: it is not known how much there is. */
export function bar(label) {
  const inner = h('span', {class: 'vc-bar-inner'});
  const element = h('span', {class: 'vc-bar', role: 'progressbar', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100}, inner);
  element.show = (value, whole = 1) => {
    const share = whole ? Math.max(0, Math.min(1, value / whole)) : null;
    element.classList.toggle('vc-unknown', share === null);
    inner.style.setProperty('inline-size', share === null ? '' : `${share * 100}%`);
    if (share === null) element.removeAttribute('aria-valuenow');
    else element.setAttribute('aria-valuenow', String(Math.round(share * 100)));
    return element;
  };
  return element;
}

const sheets = new Map();

/** Load a style sheet of ours once, such as 'style/review.css'. */
export function stylesheet(name) {
  if (!sheets.has(name)) {
    sheets.set(name, new Promise((done) => {
      const link = h('link', {rel: 'stylesheet', href: `${boot.code}/${name}`, onload: done, onerror: done});
      document.head.append(link);
    }));
  }
  return sheets.get(name);
}
