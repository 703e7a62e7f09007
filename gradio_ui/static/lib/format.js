// Numbers, sizes, lengths and times as people read them.

import {locale, t} from './i18n.js';

/** 12:05 or 1:02:05; with `tenths` 12:05.3. */
export function length(ms, {tenths = false} = {}) {
  if (ms == null || Number.isNaN(ms)) return '–';
  const all = tenths ? Math.floor(ms / 100) / 10 : Math.round(ms / 1000);
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  const seconds = all % 60;
  const tail = tenths ? seconds.toFixed(1).padStart(4, '0') : String(seconds).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** "about 3 min": what is left, rounded so that it does not flicker. */
export function about(ms) {
  if (ms == null || !Number.isFinite(ms)) return '';
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return t('time.about', {time: unit(seconds < 10 ? seconds : Math.ceil(seconds / 5) * 5, 'second')});
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return t('time.about', {time: unit(minutes, 'minute')});
  return t('time.about', {time: unit(Math.round(minutes / 6) / 10, 'hour')});
}

function unit(value, name) {
  return new Intl.NumberFormat(locale(), {style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 1}).format(value);
}

/** 1.4 GB, in powers of 1000 as browsers and disks count. */
export function bytes(count) {
  if (count == null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let index = 0;
  while (value >= 999.5 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  const digits = index === 0 || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(locale(), {maximumFractionDigits: digits}).format(value)} ${units[index]}`;
}

/** 4.2 MB/s */
export const rate = (bytesPerSecond) => `${bytes(bytesPerSecond)}/s`;

/** 62 %, never 100 before it is whole. */
export function percent(part, whole = 1) {
  const share = whole > 0 ? part / whole : 0;
  const value = share >= 1 ? 1 : Math.min(0.99, Math.floor(share * 100) / 100);
  return new Intl.NumberFormat(locale(), {style: 'percent'}).format(value);
}

/** 1,234 */
export const number = (value, digits = 0) => new Intl.NumberFormat(locale(), {maximumFractionDigits: digits}).format(value);

/** "5 minutes ago", or the date when it is older than a week. */
export function ago(ms, now = Date.now()) {
  if (ms == null) return '–';
  const seconds = Math.round((ms - now) / 1000);
  const words = new Intl.RelativeTimeFormat(locale(), {numeric: 'auto'});
  const steps = [['second', 60], ['minute', 60], ['hour', 24], ['day', 7]];
  let value = seconds;
  for (const [name, size] of steps) {
    if (Math.abs(value) < size) return words.format(Math.round(value), name);
    value /= size;
  }
  return date(ms);
}

/** A day and a time of it. */
export const date = (ms) => new Intl.DateTimeFormat(locale(), {dateStyle: 'medium', timeStyle: 'short'}).format(new Date(ms));

/** Names after each other as the language does. */
export const list = (words) => new Intl.ListFormat(locale(), {type: 'conjunction'}).format(words);
