// The line above: what is looked at, whether it is saved, undo and redo, and the files to be made.

import {h, say} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {explain} from '../lib/page.js';
import {link} from '../lib/router.js';

const BAD = new Set(['offline', 'failed', 'conflict']);

export class Head {
  /**
   * @param {import('./model.js').Model} model
   * @param {import('./saver.js').Saver} saver
   * @param {{name: string, language: string, job: string, acts: object, signal: AbortSignal}} page
   */
  constructor(model, saver, {name, language, job, acts, signal}) {
    this.model = model;
    this.saver = saver;
    this.state = h('button', {type: 'button', class: 'rv-saved', title: t('review.versions'), onclick: () => acts.versions()});
    this.live = h('span', {class: 'vc-hidden', role: 'status'});
    this.retry = h('button', {type: 'button', class: 'vc-button vc-small', hidden: true, onclick: () => acts.save()}, t('again'));
    const button = (label, key, run, sign) => h('button', {type: 'button', class: 'vc-icon', 'aria-label': label, title: `${label} (${key})`, onclick: run}, sign);
    this.undo = button(t('review.undo'), 'Ctrl+Z', () => acts.undo(), '↶');
    this.redo = button(t('review.redo'), 'Ctrl+Y', () => acts.redo(), '↷');
    this.render = h('button', {type: 'button', class: 'vc-button vc-main', onclick: () => acts.render()});
    this.element = h('header', {class: 'rv-head'},
      h('nav', {class: 'rv-crumbs', 'aria-label': t('review.where')}, h('a', {href: link('library')}, t('page.library')), h('span', {'aria-hidden': 'true'}, '/'),
        h('h1', {dir: 'auto'}, name), h('span', {class: 'vc-faint'}, `${length(model.words.duration_ms)} · ${language}`),
        h('a', {href: link('job', {id: job})}, t('page.job'))),
      this.state, this.live, this.retry, this.undo, this.redo, button(t('review.help'), '?', () => acts.help(), '?'), this.render);
    const stops = [model.on('history', () => this.draw()), model.on('clips', () => this.draw()), saver.onState(() => this.draw())];
    const clock = setInterval(() => this._saved(), 1000);
    signal.addEventListener('abort', () => {
      stops.forEach((stop) => stop());
      clearInterval(clock);
    });
    this.draw();
  }

  draw() {
    const {undoLabel, redoLabel} = this.model.history;
    for (const [button, label, name] of [[this.undo, undoLabel, 'undo'], [this.redo, redoLabel, 'redo']]) {
      button.disabled = label === null;
      button.title = label === null ? t(`review.${name}`) : t(`review.${name}.what`, {what: t(`review.did.${label}`)});
    }
    const count = this.model.accepted.length;
    this.render.disabled = count === 0 || this.model.locked || this.busy === true;
    this.render.title = this.model.locked ? t('review.locked') : count ? '' : t('review.render.none');
    say(this.render, t('review.render', {count}));
    this._saved();
  }

  _saved() {
    const {state, saved_at, version, error} = this.saver;
    const ago = saved_at === null ? null : Math.round((Date.now() - saved_at) / 1000);
    const text = this.model.locked ? t('review.locked') : state === 'saved'
      ? (ago === null ? t('review.version', {version}) : t(ago < 5 ? 'review.saved.now' : 'review.saved.ago', {time: length(ago * 1000), version}))
      : state === 'failed' ? t('review.state.failed', {why: explain(error).title}) : t(`review.state.${state}`);
    say(this.state, text);
    if (BAD.has(state) || BAD.has(this.state.dataset.state)) say(this.live, text);
    this.state.dataset.state = state;
    this.retry.hidden = state !== 'failed' && state !== 'offline';
  }
}
