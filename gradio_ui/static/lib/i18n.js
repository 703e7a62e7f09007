// Texts in the reader's language. A missing text shows its key; it never stops a page.

import {boot} from './boot.js';
import {recall, remember} from './store.js';

const PSEUDO = 'xx-pseudo';
const listeners = new Set();
let texts = {};
let fallback = {};
let current = 'en';
let plurals = new Intl.PluralRules('en');

/** The language in use, such as "zh"; for Intl use `locale()`. */
export const language = () => current;
/** What Intl functions want. */
export const locale = () => (current === 'zh' ? 'zh-CN' : current === PSEUDO ? 'en' : current);

/** Choose a language and load its texts: the address's, the remembered, the browser's, or English. */
export async function startTexts() {
  const asked = new URLSearchParams(location.search).get('lang');
  await useLanguage(known(asked) || known(recall('lang')) || (navigator.languages || []).map(known).find(Boolean) || 'en', false);
}

/** Change the language for good. */
export async function useLanguage(word, keep = true) {
  const load = async (name) => (await fetch(`${boot.code}/texts/${name}.json`)).json();
  const name = known(word) || 'en';
  if (!Object.keys(fallback).length) fallback = await load('en');
  texts = name === 'en' || name === PSEUDO ? fallback : await load(name);
  current = name;
  plurals = new Intl.PluralRules(locale());
  document.documentElement.lang = locale();
  if (keep) remember('lang', name);
  for (const listener of listeners) listener(name);
}

/** Be told of another language. */
export function onLanguage(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener('abort', () => listeners.delete(listener));
}

/**
 * A text: `{name}` is replaced; where the text has plural forms ({"one": …, "other": …}) `count` chooses.
 *   t(key, {count: 3})
 */
export function t(key, values = {}) {
  let text = texts[key] ?? fallback[key] ?? key;
  if (typeof text === 'object') text = text[plurals.select(Number(values.count ?? 0))] ?? text.other ?? key;
  if (current === PSEUDO) text = pseudo(text);
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? value.toLocaleString(locale()) : String(value);
  });
}

/** Whether there is such a text. */
export const has = (key) => key in texts || key in fallback;

/** A text for a code of the server, such as a state or an error; else the server's own words. */
export const tCode = (prefix, code, words = code) => (has(`${prefix}.${code}`) ? t(`${prefix}.${code}`) : words);

function known(word) {
  if (!word) return null;
  if (word === PSEUDO) return PSEUDO;
  const short = String(word).toLowerCase().split('-')[0];
  return boot.languages.includes(short) ? short : null;
}

function pseudo(text) {
  const changed = text.split(/(\{\w+\})/).map((part) => (part.startsWith('{') ? part
    : part.replace(/[aeiou]/g, (letter) => ({a: 'á', e: 'é', i: 'í', o: 'ó', u: 'ú'})[letter])));
  return `⟦${changed.join('')}~~⟧`;
}

/** A text in pieces, for controls between its words: "Make {count} clips" gives ["Make ", {name: "count"}, " clips"]. */
export function parts(key) {
  return t(key).split(/(\{\w+\})/).filter(Boolean).map((part) => (part.startsWith('{') ? {name: part.slice(1, -1)} : part));
}
