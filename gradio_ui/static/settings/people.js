// The people of the workspace: members, their roles, invitations.

import {api} from '../lib/api.js';
import {boot} from '../lib/boot.js';
import {fill, h} from '../lib/dom.js';
import {button, choice, field, form, section, secret, sure, table} from '../lib/forms.js';
import {date} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {may, refresh, who, workspace} from '../lib/session.js';
import {toast} from '../lib/toast.js';

const ROLES = ['viewer', 'editor', 'admin', 'owner'];

/** The part of the page. */
export async function people(signal) {
  const list = h('div', {class: 'vc-stack'});
  const waiting = h('div', {class: 'vc-stack'});
  const news = h('div');
  const show = async () => {
    const {members} = await api.get('/workspace/members', {}, {signal});
    fill(list, table(t('settings.people'), [t('settings.person'), t('settings.role'), t('settings.since'), ''], members.map((member) => [
      [h('strong', {}, member.name || member.email), member.name && h('p', {class: 'vc-faint vc-small'}, member.email)],
      role(member, show), date(member.created_ms), leave(member, show),
    ])));
    if (!may('members:write')) return;
    const {invitations} = await api.get('/workspace/invitations', {}, {signal});
    fill(waiting, invitations.length ? section(t('settings.invited'), table(t('settings.invited'), [t('email'), t('settings.role'), t('settings.keys.until'), ''], invitations.map((one) => [
      one.email || t('settings.invited.anyone'), t(`role.${one.role}`), date(one.expires_ms),
      button(t('settings.invited.back'), async () => {
        await api.delete(`/workspace/invitations/${one.id}`);
        await show();
      }, {small: true, kind: 'danger'}),
    ]))) : null);
  };
  await show();
  return [rename(), list, waiting, news, may('members:write') && section(t('settings.invite'), invite(news, show))];
}

const ours = () => ROLES.filter((role) => role !== 'owner' || may('workspace:owner'));

function role(member, show) {
  if (!may('members:write') || (member.role === 'owner' && !may('workspace:owner'))) return t(`role.${member.role}`);
  const select = choice(ours().map((one) => [one, t(`role.${one}`)]), member.role, {
    'aria-label': t('settings.role.of', {name: member.name || member.email}),
    onchange: async () => {
      try {
        await api.patch(`/workspace/members/${member.user_id}`, {role: select.value});
        toast(t('settings.role.done', {name: member.name || member.email, role: t(`role.${select.value}`)}), {kind: 'good'});
        if (member.user_id === who().user.id) await refresh(who().workspace_id);
      } catch (error) {
        toast(error.title, {kind: 'bad', detail: error.detail});
      }
      await show();
    },
  });
  return select;
}

function leave(member, show) {
  const me = member.user_id === who().user.id;
  if (!me && !may('members:write')) return null;
  const text = me ? t('settings.leave') : t('settings.remove');
  const name = member.name || member.email;
  return button(text, async () => {
    if (!await sure(me ? t('settings.leave.of', {name: workspace()?.name}) : t('settings.remove.of', {name}), t('settings.leave.text'), text)) return;
    await api.delete(`/workspace/members/${member.user_id}`);
    if (me) await refresh();
    else await show();
  }, {small: true, kind: 'danger', label: me ? undefined : t('settings.remove.of', {name})});
}

function rename() {
  const name = workspace()?.name || '';
  if (!may('workspace:write')) return h('p', {}, h('strong', {}, name));
  return form(t('settings.rename'), async (values) => {
    await api.patch('/workspace', {name: values.name.trim()});
    await refresh(who().workspace_id);
    toast(t('settings.renamed'), {kind: 'good'});
  }, field(t('settings.workspace.name'), h('input', {type: 'text', name: 'name', value: name, required: true, maxlength: 200})));
}

function invite(news, show) {
  return form(t('settings.invite.do'), async (values, element) => {
    const email = values.email.trim() || null;
    const made = await api.post('/workspace/invitations', {role: values.role, email});
    const url = new URL(`${boot.base}/#/invitation/${made.token}`, location.origin).href;
    fill(news, secret(t('settings.invite.made', {role: t(`role.${made.role}`)}), t('settings.invite.made.text', {date: date(made.expires_ms)}), url));
    element.reset();
    await show();
  },
  h('div', {class: 'vc-grid'},
    field(t('email'), h('input', {type: 'email', name: 'email', autocomplete: 'off'}), t('settings.invite.email')),
    field(t('settings.role'), choice(ours().map((one) => [one, t(`role.${one}`)]), 'editor', {name: 'role'}), t('settings.role.hint'))));
}
