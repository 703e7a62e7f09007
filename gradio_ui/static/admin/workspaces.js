// All workspaces: their share of the machines, what they keep, what they may.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {field, form, paged} from '../lib/forms.js';
import {t} from '../lib/i18n.js';
import {fault, loading} from '../lib/page.js';
import {toast} from '../lib/toast.js';
import {usageBars} from '../settings/room.js';

const GB = 1e9;
const HOUR = 3600_000;

/** Fill the part of the page. */
export async function workspaces(body, signal) {
  fill(body, await paged(
    async (cursor) => {
      const page = await api.get('/admin/workspaces', {cursor, limit: 100}, {signal});
      return {items: page.workspaces, next: page.next_cursor};
    },
    (all) => all.map((one) => row(one, signal))));
}

function row(space, signal) {
  const inner = h('div', {class: 'vc-stack'});
  const share = h('span', {class: 'vc-faint'});
  const told = () => { share.textContent = t('admin.share', {weight: space.weight, running: space.max_running ?? '∞'}); };
  told();
  const details = h('details', {class: 'vc-panel', ontoggle: async () => {
    if (!details.open || inner.firstChild) return;
    fill(inner, loading());
    try {
      const quota = await api.get(`/admin/workspaces/${space.id}/quota`, {}, {signal});
      fill(inner, usageBars(quota), shares(space, told), limits(space, quota, inner));
    } catch (error) {
      fill(inner, fault(error));
    }
  }}, h('summary', {}, h('strong', {}, space.name), ' ', share), inner);
  return details;
}

const numberOf = (text) => (text === '' ? null : Number(text));

function shares(space, told) {
  return form(t('admin.share.save'), async (values) => {
    const made = await api.patch(`/admin/workspaces/${space.id}`, {weight: Number(values.weight), max_running: numberOf(values.max_running)});
    Object.assign(space, made);
    told();
    toast(t('desk.saved'), {kind: 'good'});
  }, h('div', {class: 'vc-grid'},
    field(t('admin.weight'), h('input', {type: 'number', name: 'weight', min: 1, max: 1000, required: true, value: space.weight}), t('admin.weight.hint')),
    field(t('admin.max-running'), h('input', {type: 'number', name: 'max_running', min: 1, max: 10000, value: space.max_running ?? ''}), t('admin.empty-no-limit'))));
}

function limits(space, quota, inner) {
  const {max_bytes: most, max_video_ms: video, max_jobs: jobs, retention_days: days} = quota.limits;
  const input = (name, value, step) => h('input', {type: 'number', name, min: 0, step, value: value ?? ''});
  return form(t('admin.quota.save'), async (values) => {
    const scaled = (text, unit) => (text === '' ? null : Math.round(Number(text) * unit));
    const made = await api.put(`/admin/workspaces/${space.id}/quota`, {
      max_bytes: scaled(values.bytes, GB), max_video_ms: scaled(values.video, HOUR), max_jobs: numberOf(values.jobs), retention_days: numberOf(values.days),
    });
    inner.firstElementChild.replaceWith(usageBars(made));
    toast(t('desk.saved'), {kind: 'good'});
  }, h('p', {class: 'vc-small vc-faint'}, t('admin.quota.hint')), h('div', {class: 'vc-grid'},
    field(t('admin.quota.bytes'), input('bytes', most == null ? null : most / GB, 'any')),
    field(t('admin.quota.video'), input('video', video == null ? null : video / HOUR, 'any')),
    field(t('settings.room.jobs'), input('jobs', jobs, 1)),
    field(t('admin.quota.days'), input('days', days, 1))));
}
