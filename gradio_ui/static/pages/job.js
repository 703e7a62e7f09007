// One job: what it does, how far, how long still, what came of it. The same on every device, for all of it is told by the server.

import {api} from '../lib/api.js';
import {idOfRef, nameOf, picture} from '../lib/assets.js';
import {ask, fill, h, say} from '../lib/dom.js';
import {date, length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {badge, canRetry, foundNothing, isOver, standingText} from '../lib/jobs.js';
import {follow} from '../lib/events.js';
import {Page, fault, loading, stylesheet} from '../lib/page.js';
import {link} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toastError} from '../lib/toast.js';
import {children} from './job-children.js';
import {outcome} from './job-outcome.js';
import {Stages} from './job-stages.js';

const LOOK_MS = 3000;

export default class Job extends Page {
  static tag = 'vc-page-job';

  #job = null;
  #shown = '';
  #badge = null;
  #standing = h('p', {role: 'status', class: 'vc-number'});
  #actions = h('div', {class: 'vc-row'});
  #error = h('div');
  #outcome = h('div');
  #children = h('div');
  #link = h('p', {class: 'vc-faint', hidden: true, role: 'status'});
  #stages = new Stages();

  async open({id}) {
    await stylesheet('style/job.css');
    fill(this, loading());
    this.#job = await this.#look(id);
    this.#badge = badge(this.#job);
    const name = h('h1');
    const asset = idOfRef(this.#job.request.source);
    nameOf(this.#job.request.source || this.#job.request.folder || '').then((text) => {
      say(name, text);
      this.title(text);
    });
    fill(this,
      h('div', {class: 'vc-head'}, asset && picture(asset, this.signal),
        h('div', {class: 'vc-job-name'}, name, h('div', {class: 'vc-row'}, this.#badge, h('span', {class: 'vc-faint'}, this.#wish()))),
        this.#actions),
      this.#standing, this.#link, this.#error, this.#outcome, this.#children, this.#stages.element, this.#trace());
    this.#show();
    this.#watch();
    this.#follow();
  }

  /** For operators: where each process's part in it is drawn. */
  #trace() {
    const {trace_url: href} = this.#job;
    return href && h('p', {class: 'vc-faint'}, h('a', {href, target: '_blank', rel: 'noopener noreferrer'}, t('job.trace')));
  }

  #look(id) {
    return api.get(`/jobs/${encodeURIComponent(id || 'none')}`, {}, {signal: this.signal});
  }

  /** What was asked for, in a few words. */
  #wish() {
    const {kind, top, prompt, render = {}} = this.#job.request;
    const words = [t(`kind.${kind}`)];
    if (kind === 'clip') words.push(t('job.top', {count: top ?? 5}));
    if (render.aspect && render.aspect !== 'source') words.push(render.aspect);
    if (prompt) words.push(`“${prompt}”`);
    return [...words, date(this.#job.enqueued_ms)].join(' · ');
  }

  /** What events do not tell: the place in the queue, the time that is left. */
  #watch() {
    const timer = setInterval(() => {
      if (!document.hidden && !isOver(this.#job)) this.#renew();
    }, LOOK_MS);
    this.signal.addEventListener('abort', () => clearInterval(timer));
  }

  async #renew() {
    try {
      this.#job = await this.#look(this.#job.id);
      this.#show();
    } catch {
      // The stream of events tells when the server is away.
    }
  }

  async #follow() {
    try {
      await follow(this.#job.id, {
        signal: this.signal,
        onLink: (connected) => {
          this.#link.hidden = connected;
          say(this.#link, connected ? '' : t('job.away'));
        },
        onEvent: (event) => {
          this.#stages.take(event);
          if (this.#stages.isState(event)) this.#renew();
        },
      });
      this.#stages.end();
      if (!this.signal.aborted) await this.#renew();
    } catch (error) {
      if (!this.signal.aborted) fill(this.#error, fault(error, () => { fill(this.#error); this.#follow(); }));
    }
  }

  #show() {
    const job = this.#job;
    this.#badge.update(job);
    say(this.#standing, isOver(job) ? this.#took() : standingText(job));
    this.#children.replaceChildren(...(['batch', 'watch'].includes(job.kind) ? [this.#parts ??= children(job, this.signal)] : []));
    this.#parts?.update(job);
    if (this.#shown === `${job.state} ${job.attempt}`) return;
    this.#shown = `${job.state} ${job.attempt}`;
    this.#stages.state(job);
    fill(this.#actions, this.#buttons(job));
    fill(this.#error, job.error && isOver(job) && fault({title: job.error.cause || job.error.code, detail: job.error.remedy, code: job.error.code}));
    fill(this.#outcome);
    if (job.result && isOver(job)) outcome(job, this.signal).then((element) => fill(this.#outcome, element), toastError);
  }

  #parts = null;

  #took() {
    const job = this.#job;
    return job.finished_ms && job.started_ms ? t('job.took', {time: length(job.finished_ms - job.started_ms)}) : '';
  }

  #buttons(job) {
    if (!may('jobs:write')) return null;
    const act = (path) => async () => {
      try {
        this.#job = await api.post(`/jobs/${job.id}/${path}`, undefined, {again: path === 'cancel'});
        this.#show();
        if (path === 'retry') this.#follow();
      } catch (error) {
        toastError(error);
        this.#renew();
      }
    };
    const again = job.kind === 'clip' && idOfRef(job.request.source);
    return [
      !isOver(job) && job.state !== 'cancelling' && h('button', {type: 'button', class: 'vc-button', onclick: () => this.#cancel(act('cancel'))}, t('job.cancel')),
      canRetry(job) && h('button', {type: 'button', class: 'vc-button vc-main', onclick: act('retry')}, t('job.retry')),
      isOver(job) && again && h('a', {class: ['vc-button', foundNothing(job) && 'vc-main'], href: link('new', {asset: again, like: job.id})}, t('job.other')),
    ];
  }

  async #cancel(run) {
    const sure = await ask(t('job.cancel.title'), t('job.cancel.text'), [
      {text: t('job.cancel.no'), value: false, autofocus: true}, {text: t('job.cancel'), value: true, kind: 'danger'},
    ]);
    if (sure) await run();
  }
}
