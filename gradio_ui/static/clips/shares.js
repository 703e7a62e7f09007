// Links to a clip for whoever has them: made, told once, taken back.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {button, choice, field, form, secret, table} from '../lib/forms.js';
import {date} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {may} from '../lib/session.js';
import {toastError} from '../lib/toast.js';

const DAY_S = 24 * 3600;
const DAYS = [1, 7, 30, 365];

/** The part of the panel; it asks the server when it is opened. */
export function shares(job, clip, signal) {
  const list = h('div', {class: 'vc-stack'});
  const news = h('div');
  const show = async () => {
    const ours = [];
    for await (const one of api.each(`/jobs/${job.id}/shares`, 'shares', {limit: 200}, {signal})) if (one.name === clip.file) ours.push(one);
    fill(list, ours.length ? table(t('gallery.shares'), [t('settings.made'), t('settings.keys.until'), ''], ours.map((one) => [
      date(one.created_ms), state(one),
      !over(one) && may('clips:write') && button(t('gallery.share.back'), async () => {
        await api.delete(`/shares/${one.id}`);
        await show();
      }, {small: true, kind: 'danger'}),
    ])) : h('p', {class: 'vc-faint'}, t('gallery.shares.none')));
  };
  const make = may('clips:write') && form(t('gallery.share.make'), async (values) => {
    const made = await api.post(`/jobs/${job.id}/shares`, {name: clip.file, life_s: Number(values.days) * DAY_S});
    fill(news, secret(t('gallery.share.made'), t('gallery.share.made.text', {date: date(made.expires_ms)}), new URL(made.url, location.origin).href));
    await show();
  }, field(t('gallery.share.life'), choice(DAYS.map((days) => [days, t('settings.days', {count: days})]), 7, {name: 'days'})));
  return h('details', {ontoggle: (event) => {
    if (event.target.open && !list.firstChild) show().catch(toastError);
  }}, h('summary', {}, t('gallery.shares')), h('div', {class: 'vc-stack'}, list, news, make));
}

const over = (one) => Boolean(one.revoked_ms) || one.expires_ms < Date.now();

function state(one) {
  if (one.revoked_ms) return h('span', {class: 'vc-badge'}, t('gallery.share.revoked'));
  if (over(one)) return h('span', {class: 'vc-badge'}, t('settings.keys.over'));
  return date(one.expires_ms);
}
