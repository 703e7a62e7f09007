// Who did what, in the workspace or in the whole installation.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {choice, field, paged, table} from '../lib/forms.js';
import {date} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {toastError} from '../lib/toast.js';

const KINDS = ['user', 'member', 'invitation', 'key', 'webhook', 'share', 'asset', 'workspace', 'quota'];

/** The part of the page: the workspace's. */
export async function activity(signal) {
  const {members} = await api.get('/workspace/members', {}, {signal});
  return auditList('/audit', new Map(members.map((one) => [one.user_id, one.name || one.email])), signal);
}

/** A list with filters of an audit; `names` knows users by id. */
export async function auditList(path, names, signal) {
  const list = h('div');
  const kind = choice([['', t('audit.any')], ...KINDS.map((one) => [one, t(`audit.of.${one}`)])], '', {onchange: () => show().catch(toastError)});
  const user = choice([['', t('audit.anyone')], ...names], '', {onchange: () => show().catch(toastError)});
  const show = async () => fill(list, await paged(
    async (cursor) => {
      const page = await api.get(path, {cursor, limit: 50, action: kind.value, user: user.value}, {signal});
      return {items: page.records, next: page.next_cursor};
    },
    (all) => table(t('settings.activity'), [t('settings.when'), t('audit.who'), t('audit.what'), t('audit.more')], all.map((one) => [
      date(one.at_ms),
      [one.user_id ? names.get(one.user_id) || one.user_id : t('audit.system'), one.key_id && h('p', {class: 'vc-small vc-faint'}, t('audit.by-key', {id: one.key_id}))],
      [h('strong', {}, one.action), one.target && h('p', {class: 'vc-small vc-faint'}, names.get(one.target) || one.target)],
      h('span', {class: 'vc-small'}, [...Object.entries(one.data).map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : value}`), one.ip].filter(Boolean).join(' · ')),
    ])),
    h('p', {class: 'vc-faint'}, t('audit.none'))));
  await show();
  return [h('div', {class: 'vc-grid'}, field(t('audit.what'), kind), field(t('audit.who'), user)), list];
}
