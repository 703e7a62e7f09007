// Is it well: a verdict in words first, then the figures behind it. It looks again by itself.

import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {figure, section, table} from '../lib/forms.js';
import {about, ago, bytes, date, number, percent} from '../lib/format.js';
import {t, tCode} from '../lib/i18n.js';
import {explain} from '../lib/page.js';
import {link} from '../lib/router.js';
import {every} from './every.js';

const EVERY_MS = 5000;
const LONG_MS = 3600_000;
const LITTLE = 0.1;
const NO_ROOM = 0.02;

/** Fill the part of the page. */
export async function health(body, signal) {
  await every(EVERY_MS, signal, async () => {
    const status = await api.get('/admin/status', {}, {signal});
    fill(body, verdict(status), figures(status), dispatchers(status), cluster(status),
      h('p', {class: 'vc-small vc-faint'}, t('admin.looked', {time: date(Date.now()), version: status.version})));
  }, (error) => {
    const told = explain(error);
    const old = body.querySelector('.vc-verdict');
    const now = h('div', {class: 'vc-verdict vc-bad', role: 'alert'}, h('strong', {}, told.title), told.detail && h('p', {}, told.detail));
    if (old) old.replaceWith(now);
    else fill(body, now);
  });
}

/** What is wrong, the worst first: [look, text, link]. */
export function findings(status, now = Date.now()) {
  const {jobs, dispatchers: workers, cluster: ray} = status;
  const found = [];
  const add = (look, text, href) => found.push({look, text, href});
  const waits = jobs.queued || 0;
  const waited = status.oldest_waiting_ms == null ? 0 : now - status.oldest_waiting_ms;
  if (!workers.length) add(waits ? 'bad' : 'warn', t('admin.find.no-worker', {count: waits}));
  else if (workers.every((one) => one.draining)) add('warn', t('admin.find.draining'));
  for (const one of ray?.deployments || []) if (one.status === 'UNHEALTHY' || one.status === 'DEPLOY_FAILED') add('bad', t('admin.find.model', {name: `${one.app}/${one.name}`}));
  const gone = (ray?.nodes || []).filter((node) => !node.alive).length;
  if (gone) add('warn', t('admin.find.nodes', {count: gone}));
  const share = status.disk_bytes ? status.disk_free_bytes / status.disk_bytes : 1;
  if (share < LITTLE) add(share < NO_ROOM ? 'bad' : 'warn', t('admin.find.disk', {free: bytes(status.disk_free_bytes)}));
  if (jobs.dead) add('warn', t('admin.find.dead', {count: jobs.dead}), link('admin', {tab: 'queue', show: 'dead'}));
  if (waits && waited > LONG_MS) add('warn', t('admin.find.waits', {time: about(waited)}), link('admin', {tab: 'queue'}));
  return found.sort((a, b) => (a.look === 'bad' ? 0 : 1) - (b.look === 'bad' ? 0 : 1));
}

function verdict(status) {
  const found = findings(status);
  const look = found.length ? found[0].look : 'good';
  return h('div', {class: ['vc-verdict', `vc-${look}`], role: 'status'}, h('strong', {}, t(`admin.verdict.${look}`)),
    found.length ? h('ul', {}, found.map((one) => h('li', {}, one.href ? h('a', {href: one.href}, one.text) : one.text))) : null);
}

function figures({jobs, dispatchers: workers, oldest_waiting_ms: oldest, disk_free_bytes: free, disk_bytes: whole}) {
  const sum = (key) => workers.reduce((total, one) => total + one[key], 0);
  return h('dl', {class: 'vc-figures'},
    figure(t('admin.waiting'), number(jobs.queued || 0)),
    figure(t('admin.oldest'), oldest ? ago(oldest) : '–'),
    figure(t('admin.running'), t('admin.of', {part: number((jobs.running || 0) + (jobs.cancelling || 0)), whole: number(sum('slots'))})),
    figure(t('admin.dead'), number(jobs.dead || 0), jobs.dead ? 'bad' : ''),
    figure(t('admin.failed'), number(jobs.failed || 0)),
    figure(t('admin.disk'), `${bytes(free)} (${percent(free, whole)})`, whole && free / whole < LITTLE ? 'bad' : ''));
}

function dispatchers({dispatchers: workers}) {
  if (!workers.length) return h('p', {}, t('admin.workers.none'));
  return section(t('admin.workers'), table(t('admin.workers'), [t('settings.name'), t('admin.slots'), t('admin.heard'), ''], workers.map((one) => [
    one.id, t('admin.of', {part: one.running, whole: one.slots}), ago(one.seen_ms),
    one.draining ? h('span', {class: 'vc-badge vc-warn'}, t('admin.draining')) : null,
  ])));
}

function cluster({cluster: ray}) {
  if (!ray) return h('p', {class: 'vc-faint'}, t('admin.cluster.none'));
  return [
    section(t('admin.nodes'), table(t('admin.nodes'), [t('settings.name'), 'CPU', 'GPU', t('admin.memory'), ''], ray.nodes.map((node) => [
      node.name, number(node.cpus), number(node.gpus), bytes(node.memory_bytes),
      h('span', {class: ['vc-badge', node.alive ? 'vc-good' : 'vc-bad']}, t(node.alive ? 'admin.node.alive' : 'admin.node.gone')),
    ]))),
    section(t('admin.models'), ray.deployments.length ? table(t('admin.models'), [t('settings.name'), t('admin.replicas'), t('settings.webhooks.state')], ray.deployments.map((one) => [
      `${one.app}/${one.name}`,
      Object.entries(one.replicas).map(([state, count]) => `${number(count)} ${tCode('admin.replica', state, state.toLowerCase())}`).join(', ') || '0',
      [h('span', {class: ['vc-badge', one.status === 'HEALTHY' ? 'vc-good' : one.status === 'UPDATING' ? 'vc-live' : 'vc-bad']}, tCode('admin.deployment', one.status)),
        one.message && h('p', {class: 'vc-small'}, one.message)],
    ])) : h('p', {class: 'vc-faint'}, t('admin.models.none'))),
  ];
}
