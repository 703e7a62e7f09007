// What waits and why, what runs, what was given up, with the way to let it run again.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {button, paged, table, tabs} from '../lib/forms.js';
import {about, ago} from '../lib/format.js';
import {t, tCode} from '../lib/i18n.js';
import {empty} from '../lib/page.js';
import {link} from '../lib/router.js';
import {who} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';

const SHOWN = {
  waiting: {state: ['queued'], oldest_first: true},
  running: {state: ['running', 'cancelling'], oldest_first: true},
  dead: {state: ['dead', 'failed']},
};

/** Fill the part of the page. */
export async function queue(body, signal, {show}) {
  const name = SHOWN[show] ? show : 'waiting';
  const list = h('div');
  const again = async () => fill(list, await paged(
    async (cursor) => {
      const page = await api.get('/admin/jobs', {...SHOWN[name], cursor}, {signal});
      return {items: page.jobs, next: page.next_cursor};
    },
    (all) => [name === 'dead' && all.length > 1 ? allAgain(all, again) : null,
      table(t(`admin.queue.${name}`), [t('admin.job'), t('workspace'), t(name === 'dead' ? 'admin.why-dead' : 'admin.why'), t('admin.since'), ''], all.map((job) => row(job, again)))],
    empty(t(`admin.queue.${name}.none`), t(`admin.queue.${name}.none.do`))));
  fill(body, tabs(t('admin.queue'), Object.keys(SHOWN).map((one) => [one, t(`admin.queue.${one}`), link('admin', {tab: 'queue', show: one})]), name),
    h('div', {class: 'vc-row'}, button(t('admin.again'), again, {small: true})), list);
  await again();
}

function row(job, again) {
  const here = job.workspace_id === who().workspace_id;
  const title = `${tCode('kind', job.kind)} ${job.id.slice(-8)}`;
  const dead = ['dead', 'failed'].includes(job.state);
  return [
    [here ? h('a', {href: link('job', {id: job.id})}, title) : title, h('p', {class: 'vc-small vc-faint'}, tCode('state', job.state))],
    job.workspace,
    dead ? cause(job) : [reason(job), job.failures ? h('p', {class: 'vc-small vc-faint'}, t('admin.failures', {count: job.failures})) : null],
    ago(dead ? job.finished_ms : job.state === 'queued' ? job.enqueued_ms : job.started_ms),
    dead ? button(t('admin.redrive'), async () => {
      await api.post(`/admin/jobs/${job.id}/retry`);
      toast(t('admin.redriven', {count: 1}), {kind: 'good'});
      await again();
    }, {small: true, label: t('admin.redrive.of', {name: title})}) : null,
  ];
}

function cause({error, failures}) {
  if (!error) return t('admin.cause.none');
  return [h('strong', {}, tCode('error', error.code, error.cause || error.code)), error.cause && h('p', {class: 'vc-small'}, error.cause),
    error.remedy && h('p', {class: 'vc-small'}, error.remedy),
    h('p', {class: 'vc-small vc-faint'}, error.code, failures ? ` · ${t('admin.failures', {count: failures})}` : '')];
}

function reason({standing}) {
  if (!standing) return '';
  const left = about(standing.eta_ms);
  const place = standing.position > 0 ? t('admin.before', {count: standing.position}) : '';
  return [tCode('standing', standing.code, standing.code === null || standing.code === 'children' ? tCode('stage', standing.text) : standing.text), place, left].filter(Boolean).join(' · ');
}

function allAgain(all, again) {
  return h('div', {class: 'vc-row'}, button(t('admin.redrive.all', {count: all.length}), async () => {
    let done = 0;
    for (const job of all) {
      try {
        await api.post(`/admin/jobs/${job.id}/retry`);
        done += 1;
      } catch (error) {
        toastError(error);
        break;
      }
    }
    if (done) toast(t('admin.redriven', {count: done}), {kind: 'good'});
    await again();
  }, {small: true}));
}
