// All users: who may sign in, who may no longer.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {button, paged, sure, table} from '../lib/forms.js';
import {date} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {link} from '../lib/router.js';
import {who} from '../lib/session.js';
import {toast} from '../lib/toast.js';

/** Fill the part of the page. */
export async function users(body, signal) {
  const list = h('div');
  const again = async () => fill(list, await paged(
    async (cursor) => {
      const page = await api.get('/admin/users', {cursor, limit: 100}, {signal});
      return {items: page.users, next: page.next_cursor};
    },
    (all) => table(t('admin.users'), [t('settings.person'), t('settings.since'), t('settings.webhooks.state'), ''], all.map((user) => [
      [h('strong', {}, user.name || user.email), h('p', {class: 'vc-small vc-faint'}, user.email)],
      date(user.created_ms),
      [user.is_admin && h('span', {class: 'vc-badge vc-live'}, t('admin.is-admin')), ' ',
        user.disabled_ms ? h('span', {class: 'vc-badge vc-bad', title: date(user.disabled_ms)}, t('admin.locked')) : h('span', {class: 'vc-badge vc-good'}, t('admin.may'))],
      actions(user, again),
    ]))));
  fill(body, h('p', {class: 'vc-faint'}, t('admin.users.text'), ' ', h('a', {href: link('settings', {tab: 'people'})}, t('settings.people'))), list);
  await again();
}

function actions(user, again) {
  const name = user.name || user.email;
  return h('div', {class: 'vc-row'},
    button(t('admin.end'), async () => {
      if (!await sure(t('admin.end.of', {name}), t('admin.end.text'), t('admin.end'))) return;
      await api.delete(`/admin/users/${user.id}/sign-ins`);
      toast(t('admin.ended', {name}), {kind: 'good'});
    }, {small: true, label: t('admin.end.of', {name})}),
    user.id !== who().user.id && button(user.disabled_ms ? t('admin.unlock') : t('admin.lock'), async () => {
      const disabled = !user.disabled_ms;
      if (disabled && !await sure(t('admin.lock.of', {name}), t('admin.lock.text'), t('admin.lock'))) return;
      await api.patch(`/admin/users/${user.id}`, {disabled});
      await again();
    }, {small: true, kind: user.disabled_ms ? '' : 'danger', label: t(user.disabled_ms ? 'admin.unlock.of' : 'admin.lock.of', {name})}));
}
