// What pages say of a job: its state, why it waits, how long still.

import {h, say} from './dom.js';
import {about, bytes, length, number} from './format.js';
import {has, t, tCode} from './i18n.js';

export const FINAL = new Set(['succeeded', 'partial', 'failed', 'cancelled', 'dead']);
const LOOKS = {
  queued: '', running: 'vc-live', cancelling: 'vc-warn', succeeded: 'vc-good', partial: 'vc-warn', failed: 'vc-bad', cancelled: '', dead: 'vc-bad',
};

export const isOver = (job) => FINAL.has(job.state);
/** Whether it can be run again. */
export const canRetry = (job) => ['failed', 'dead', 'cancelled', 'partial'].includes(job.state);
/** Whether it went well and nothing came of it. */
export const foundNothing = (job) => job.result?.status === 'nothing_selected';

/** The name of its state. */
export const stateText = (job) => (foundNothing(job) ? t('state.nothing') : t(`state.${job.state}`));

/** A badge with the state; `update(job)` changes it. */
export function badge(job) {
  const element = h('span');
  element.update = (now) => {
    element.className = `vc-badge ${foundNothing(now) ? 'vc-warn' : LOOKS[now.state] || ''}`;
    say(element, stateText(now));
  };
  element.update(job);
  return element;
}

/** What a stage is called. */
export const stageText = (stage) => tCode('stage', stage);

/** Why a job waits and at which place, or what it does, and how long still. */
export function standingText(job) {
  const standing = job.standing;
  if (!standing || isOver(job)) return '';
  const left = about(standing.eta_ms);
  if (job.state === 'queued') {
    const place = standing.position > 0 ? t('standing.place', {count: standing.position}) : t('standing.next');
    return [place, has(`standing.${standing.code}`) ? t(`standing.${standing.code}`) : standing.text, left].filter(Boolean).join(' · ');
  }
  if (standing.code === 'children') return standing.text;
  if (has(`standing.${standing.code}`)) return [t(`standing.${standing.code}`), left].filter(Boolean).join(' · ');
  return [stageText(standing.text), left].filter(Boolean).join(' · ');
}

/** How much of a stage is done, in its own unit. */
export function amountText({done = 0, total = 0, unit = ''}) {
  if (!total) return unit === 'bytes' && done ? bytes(done) : '';
  if (unit === 'bytes') return t('amount', {done: bytes(done), total: bytes(total)});
  if (unit === 's') return t('amount', {done: length(done * 1000), total: length(total * 1000)});
  const words = t('amount', {done: number(done), total: number(total)});
  return has(`unit.${unit}`) ? `${words} ${t(`unit.${unit}`, {count: total})}` : words;
}

/** How fast a stage goes. */
export function rateText({rate, unit}) {
  if (!rate) return '';
  if (unit === 'bytes') return `${bytes(rate)}/s`;
  if (unit === 's') return t('rate.video', {rate: number(rate, 1)});
  return '';
}
