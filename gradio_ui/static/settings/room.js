// What the workspace keeps, what it may keep, and what it used.

import {api} from '../lib/api.js';
import {h} from '../lib/dom.js';
import {section, table} from '../lib/forms.js';
import {bytes, length, number} from '../lib/format.js';
import {t, tCode} from '../lib/i18n.js';
import {bar} from '../lib/page.js';

const DAYS = 30;

/** The part of the page. */
export async function room(signal) {
  const since = Date.now() - DAYS * 24 * 3600 * 1000;
  const [quota, usage] = await Promise.all([
    api.get('/quota', {}, {signal}),
    api.get('/usage', {since_ms: Math.round(since)}, {signal}),
  ]);
  return [usageBars(quota), section(t('settings.used', {count: DAYS}), usage.jobs.length
    ? table(t('settings.used', {count: DAYS}), [t('settings.used.kind'), t('settings.webhooks.state'), t('settings.used.jobs'), t('settings.used.time')],
      usage.jobs.map((row) => [tCode('kind', row.kind), tCode('state', row.state), number(row.jobs), length(row.run_ms)]))
    : h('p', {class: 'vc-faint'}, t('settings.used.none')))];
}

/** Bars of a quota: what there is of what may be. */
export function usageBars(quota) {
  const {limits} = quota;
  const kept = quota.asset_bytes + quota.upload_bytes + quota.result_bytes;
  const line = (text, value, limit, show) => {
    const share = bar(text);
    if (limit) share.show(value, limit);
    return h('div', {class: 'vc-usage'}, h('div', {class: 'vc-row'}, h('span', {}, text), h('span', {class: 'vc-space'}),
      h('span', {class: 'vc-number'}, limit == null ? t('settings.room.no-limit', {value: show(value)}) : t('settings.room.of', {value: show(value), limit: show(limit)}))),
    limit ? share : null);
  };
  return h('div', {class: 'vc-panel'},
    line(t('settings.room.bytes'), kept, limits.max_bytes, bytes),
    h('p', {class: 'vc-small vc-faint'}, t('settings.room.parts', {assets: bytes(quota.asset_bytes), uploads: bytes(quota.upload_bytes), results: bytes(quota.result_bytes)})),
    line(t('settings.room.video'), quota.video_ms, limits.max_video_ms, length),
    line(t('settings.room.jobs'), quota.jobs, limits.max_jobs, number),
    h('p', {class: 'vc-small vc-faint'}, limits.retention_days ? t('settings.room.days', {count: limits.retention_days}) : t('settings.room.ever')));
}
