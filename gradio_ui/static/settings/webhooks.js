// Webhooks and notifications: where the workspace wants to be told of its jobs, and what was sent.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {button, choice, field, form, paged, section, secret, sure, table, tick} from '../lib/forms.js';
import {ago, date} from '../lib/format.js';
import {language, t} from '../lib/i18n.js';
import {empty} from '../lib/page.js';
import {may} from '../lib/session.js';
import {toast} from '../lib/toast.js';

const EVENTS = ['job.running', 'job.succeeded', 'job.partial', 'job.failed', 'job.cancelled', 'job.dead'];
const USUAL = new Set(['job.succeeded', 'job.partial', 'job.failed', 'job.dead']);
const LOOKS = {pending: 'vc-live', delivered: 'vc-good', dead: 'vc-bad'};

/** The part of the page. */
export async function webhooks(signal) {
  const list = h('div', {class: 'vc-stack'});
  const news = h('div');
  const show = async () => {
    const {webhooks: found} = await api.get('/webhooks', {}, {signal});
    fill(list, found.length ? found.map((hook) => row(hook, news, show, signal)) : empty(t('settings.webhooks.none'), t('settings.webhooks.none.do')));
  };
  await show();
  return [list, news, may('webhooks:write') && section(t('settings.webhooks.new'), make(news, show))];
}

function row(hook, news, show, signal) {
  const path = `/webhooks/${hook.id}`;
  const sent = h('details', {ontoggle: async () => {
    if (!sent.open) return;
    fill(sent, sent.firstElementChild, await deliveries(path, signal));
  }}, h('summary', {}, t('settings.webhooks.sent')));
  const again = () => { if (sent.open) { sent.open = false; sent.open = true; } };
  return h('article', {class: 'vc-panel', 'aria-label': hook.name},
    h('div', {class: 'vc-row'}, h('strong', {}, hook.name), h('span', {class: 'vc-badge'}, t(`settings.webhooks.${hook.channel}`)),
      h('span', {class: ['vc-badge', hook.enabled ? 'vc-good' : 'vc-warn']}, hook.enabled ? t('settings.webhooks.on') : t('settings.webhooks.off'))),
    h('p', {class: 'vc-small'}, hook.address, h('br'), h('span', {class: 'vc-faint'}, hook.events.map(eventText).join(' · '))),
    may('webhooks:write') && h('div', {class: 'vc-row'},
      button(t('settings.webhooks.test'), async () => {
        await api.post(`${path}/test`);
        toast(t('settings.webhooks.tested'), {detail: t('settings.webhooks.tested.do')});
        sent.open = true;
        again();
      }, {small: true}),
      button(hook.enabled ? t('settings.webhooks.turn-off') : t('settings.webhooks.turn-on'), async () => {
        await api.patch(path, {enabled: !hook.enabled});
        await show();
      }, {small: true}),
      hook.channel === 'webhook' && button(t('settings.webhooks.secret'), async () => {
        if (!await sure(t('settings.webhooks.secret'), t('settings.webhooks.secret.text'), t('settings.webhooks.secret'))) return;
        tell(news, await api.post(`${path}/secret`));
      }, {small: true}),
      button(t('settings.remove'), async () => {
        if (!await sure(t('settings.remove.of', {name: hook.name}), t('settings.webhooks.remove.text'), t('settings.remove'))) return;
        await api.delete(path);
        await show();
      }, {small: true, kind: 'danger'})),
    sent);
}

const eventText = (event) => (event === '*' ? t('settings.webhooks.all') : t(`event.${event}`));

function tell(news, made) {
  fill(news, secret(t('settings.webhooks.made', {name: made.name}), t('settings.webhooks.made.text'), made.secret));
  news.scrollIntoView({block: 'nearest'});
}

async function deliveries(path, signal) {
  return paged(
    async (cursor) => {
      const page = await api.get(`${path}/deliveries`, {cursor, limit: 20}, {signal});
      return {items: page.deliveries, next: page.next_cursor};
    },
    (all) => table(t('settings.webhooks.sent'), [t('settings.webhooks.event'), t('settings.webhooks.state'), t('settings.webhooks.tries'), t('settings.when'), ''],
      all.map((one) => [
        one.event,
        [h('span', {class: ['vc-badge', LOOKS[one.state]]}, t(`settings.delivery.${one.state}`)), ' ', one.status, one.error && h('p', {class: 'vc-small'}, one.error)],
        [one.attempts, one.next_ms && one.state === 'pending' && h('p', {class: 'vc-small vc-faint'}, t('settings.webhooks.next', {time: ago(one.next_ms)}))],
        date(one.created_ms),
        one.state !== 'pending' && may('webhooks:write') && button(t('settings.webhooks.again'), async () => {
          await api.post(`/webhook-deliveries/${one.id}/redeliver`);
          toast(t('settings.webhooks.tested'), {kind: 'good'});
        }, {small: true}),
      ])),
    h('p', {class: 'vc-faint'}, t('settings.webhooks.sent.none')));
}

function make(news, show) {
  const hint = () => t(channel.value === 'webhook' ? 'settings.webhooks.address.hint' : 'settings.webhooks.notify.hint');
  const channel = choice(['webhook', 'notification'].map((one) => [one, t(`settings.webhooks.${one}`)]), 'webhook', {name: 'channel'});
  const address = field(t('settings.webhooks.address'), h('input', {type: 'text', name: 'address', required: true, maxlength: 2048, inputmode: 'url', autocomplete: 'off'}), hint());
  channel.addEventListener('change', () => { address.querySelector('small').textContent = hint(); });
  return form(t('settings.webhooks.make'), async (values, element) => {
    const events = [...element.querySelectorAll('fieldset input:checked')].map((box) => box.value);
    const made = await api.post('/webhooks', {channel: values.channel, name: values.name.trim(), address: values.address.trim(), events, language: language() === 'zh' ? 'zh' : 'en'});
    if (made.secret) tell(news, made);
    element.reset();
    await show();
  },
  h('div', {class: 'vc-grid'}, field(t('settings.webhooks.kind'), channel),
    field(t('settings.name'), h('input', {type: 'text', name: 'name', required: true, maxlength: 200})), address),
  h('fieldset', {class: 'vc-ticks'}, h('legend', {}, t('settings.webhooks.when')), EVENTS.map((event) => tick(eventText(event), {value: event, checked: USUAL.has(event)}))));
}
