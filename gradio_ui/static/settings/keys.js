// API keys: made, told once, revoked.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {button, choice, field, form, section, secret, sure, table, tick} from '../lib/forms.js';
import {ago, date} from '../lib/format.js';
import {has, t} from '../lib/i18n.js';
import {empty} from '../lib/page.js';
import {may, who} from '../lib/session.js';
import {toast} from '../lib/toast.js';

const DAYS = [30, 90, 365, 0];
const NOT_FOR_KEYS = new Set(['workspace:owner', 'platform:admin']);
const USUAL = new Set(['jobs:read', 'jobs:write', 'uploads:read', 'uploads:write', 'assets:read', 'clips:read']);

/** The part of the page. */
export async function keys(signal) {
  const list = h('div', {class: 'vc-stack'});
  const news = h('div');
  const show = async () => {
    const found = [];
    for await (const key of api.each('/keys', 'keys', {limit: 200}, {signal})) found.push(key);
    fill(list, found.length ? table(t('settings.keys'), [t('settings.name'), t('settings.keys.may'), t('settings.made'), t('settings.keys.until'), t('settings.keys.used'), ''],
      found.map((key) => [
        [h('strong', {}, key.name), ' ', h('code', {}, `${key.prefix}…`)],
        h('span', {class: 'vc-small'}, key.scopes.join(', ')),
        date(key.created_ms),
        until(key),
        key.last_used_ms ? ago(key.last_used_ms) : t('settings.never'),
        may('keys:write') && button(t('settings.keys.revoke'), () => revoke(key, show), {kind: 'danger', small: true, label: t('settings.keys.revoke.of', {name: key.name})}),
      ])) : empty(t('settings.keys.none'), t('settings.keys.none.do')));
  };
  await show();
  return [list, news, may('keys:write') && section(t('settings.keys.new'), make(news, show))];
}

function until(key) {
  if (!key.expires_ms) return t('settings.keys.ever');
  return key.expires_ms < Date.now() ? h('span', {class: 'vc-badge vc-warn'}, t('settings.keys.over')) : date(key.expires_ms);
}

async function revoke(key, show) {
  if (!await sure(t('settings.keys.revoke.of', {name: key.name}), t('settings.keys.revoke.text'), t('settings.keys.revoke'))) return;
  await api.delete(`/keys/${key.id}`);
  toast(t('settings.keys.revoked', {name: key.name}), {kind: 'good'});
  await show();
}

function make(news, show) {
  const ours = who().scopes.filter((scope) => !NOT_FOR_KEYS.has(scope)).sort();
  return form(t('settings.keys.make'), async (values, element) => {
    const scopes = [...element.querySelectorAll('fieldset input:checked')].map((box) => box.value);
    const made = await api.post('/keys', {name: values.name.trim(), scopes, days: Number(values.days) || null});
    fill(news, secret(t('settings.keys.made', {name: made.name}), t('settings.once'), made.key));
    news.scrollIntoView({block: 'nearest'});
    element.reset();
    await show();
  },
  h('div', {class: 'vc-grid'},
    field(t('settings.name'), h('input', {type: 'text', name: 'name', required: true, maxlength: 200}), t('settings.keys.name.hint')),
    field(t('settings.keys.days'), choice(DAYS.map((days) => [days, days ? t('settings.days', {count: days}) : t('settings.keys.ever')]), 90, {name: 'days'}))),
  h('fieldset', {class: 'vc-ticks'}, h('legend', {}, t('settings.keys.may')), ours.map((scope) => tick(
    has(`scope.${scope}`) ? t(`scope.${scope}`) : scope, {value: scope, checked: USUAL.has(scope)}))));
}
