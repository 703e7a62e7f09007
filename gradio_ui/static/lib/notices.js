// What a job tells beside its result: fallbacks, repairs, limits. The server's words are English.

import {has, language, t} from './i18n.js';

/** Codes whose words hold facts that no table knows: names, figures, causes. */
const FACTS = new Set(['encoder_fallback', 'highlighter_extractive', 'loudness_not_reached', 'product_not_found', 'recogniser_fallback', 'repaired', 'smart_fallback', 'track_left_out']);

/** A notice for people: what it says, what to do about it, and the server's own words where they say more. */
export function tellNotice({code = '', message = '', remedy = ''}) {
  const key = `notice.${code}`;
  if (!has(key) || (language() === 'en' && message)) return {text: message, remedy, facts: ''};
  return {text: t(key), remedy: has(`${key}.do`) ? t(`${key}.do`) : '', facts: FACTS.has(code) ? message : ''};
}
