// The stages of a job as bars, and everything that happened as a list, both made of its events.

import {fill, h, say} from '../lib/dom.js';
import {about, length} from '../lib/format.js';
import {has, t} from '../lib/i18n.js';
import {FINAL, amountText, isOver, rateText, stageText} from '../lib/jobs.js';
import {tellNotice} from '../lib/notices.js';
import {bar} from '../lib/page.js';

const STATES = new Set(['queued', 'running', 'cancelling', ...FINAL]);
const MOST = 500;

/** Feed it with `take(event)`; `element` shows where things stand. */
export class Stages {
  #rows = new Map();
  #list = h('ol', {class: 'vc-stages'});
  #log = h('ol', {class: 'vc-log'});
  #notices = h('ul', {class: 'vc-notices'});
  #notesTitle = h('summary');
  #attempt = 0;
  #begun = 0;

  #notes = h('details', {hidden: true}, this.#notesTitle, this.#notices);

  element = h('div', {class: 'vc-stack'}, this.#list, this.#notes,
    h('details', {}, h('summary', {}, t('job.log')), this.#log));

  isState(event) { return STATES.has(event.kind); }

  take(event) {
    if (event.attempt > this.#attempt) {
      // Another attempt goes on at the first thing that is not done, and tells its stages anew.
      this.#attempt = event.attempt;
      this.#rows.clear();
      fill(this.#list);
      fill(this.#notices);
      this.#notes.hidden = true;
    }
    this.#begun ||= event.at_ms;
    if (event.data.stage && ['stage_started', 'progress', 'stage_finished'].includes(event.kind)) this.#stage(event);
    if (event.kind === 'notice') this.#notice(event.data.data || event.data);
    if (event.kind !== 'progress') this.#note(event);
  }

  /** The job's own state: a running stage of a job that is over has stopped. */
  state(job) {
    if (isOver(job)) this.end();
  }

  end() {
    for (const row of this.#rows.values()) row.stop();
  }

  #stage({kind, data}) {
    let row = this.#rows.get(data.stage);
    if (!row) {
      row = stageRow(data.stage);
      this.#rows.set(data.stage, row);
      this.#list.append(row.element);
    }
    row.show(data, kind === 'stage_finished');
  }

  #notice(notice) {
    const {text, remedy, facts} = tellNotice(notice);
    this.#notices.append(h('li', {}, text, ' ', h('span', {class: 'vc-faint'}, remedy), facts && h('div', {class: 'vc-faint vc-small', lang: 'en'}, facts)));
    this.#notes.hidden = false;
    say(this.#notesTitle, t('job.notes', {count: this.#notices.childElementCount}));
  }

  #note(event) {
    const {stage} = event.data;
    const what = {
      stage_started: () => t('log.started', {stage: stageText(stage)}),
      stage_finished: () => t('log.finished', {stage: stageText(stage), time: length((event.data.elapsed_s || 0) * 1000, {tenths: true})}),
      notice: () => tellNotice(event.data.data || event.data).text,
      error: () => event.data.data?.cause || event.data.cause || event.data.data?.message || '',
    }[event.kind]?.() ?? (has(`state.${event.kind}`) ? t(`state.${event.kind}`) : event.kind);
    const fault = event.data.error;
    const more = fault ? [fault.cause, fault.remedy].filter(Boolean).join('. ') : event.data.released || '';
    this.#log.append(h('li', {}, h('span', {class: 'vc-number vc-faint'}, length(event.at_ms - this.#begun)), ' ', what, more && `: ${more}`));
    while (this.#log.childElementCount > MOST) this.#log.firstElementChild.remove();
  }
}

function stageRow(stage) {
  const progress = bar(stageText(stage));
  const mark = h('span', {class: 'vc-stage-mark', 'aria-hidden': 'true'});
  const text = h('span', {class: 'vc-number vc-faint vc-small'});
  const element = h('li', {class: 'vc-stage'}, mark, h('span', {class: 'vc-stage-name'}, stageText(stage)), text, progress);
  let over = false;
  return {
    element,
    show(data, finished) {
      over = finished;
      element.classList.toggle('vc-over', over);
      element.classList.remove('vc-stopped');
      say(mark, over ? '✓' : '');
      progress.show(over ? 1 : data.done || 0, over ? 1 : data.total || null);
      const words = over ? [amountText(data), data.elapsed_s && length(data.elapsed_s * 1000, {tenths: data.elapsed_s < 60})]
        : [amountText(data), rateText(data), about(data.eta_s == null ? null : data.eta_s * 1000)];
      say(text, words.filter(Boolean).join(' · '));
    },
    stop() {
      if (over) return;
      element.classList.add('vc-stopped');
      say(mark, '–');
    },
  };
}
