// Around the picture: its buttons, captions as they will be said, and what another shape leaves of it.

import {fill, h, say} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {clipTime, lengthOf} from './ranges.js';

const SHAPES = {'16:9': 16 / 9, '9:16': 9 / 16, '1:1': 1, '4:5': 4 / 5};
const LINE = 38;
const LIT = new Set(['karaoke', 'pop']);

export class Stage {
  /**
   * @param {import('./model.js').Model} model
   * @param {{video: boolean, shape: number|null}} source `shape`: width to height of its picture.
   */
  constructor(model, {video, shape}) {
    this.model = model;
    this.shape = shape;
    this.video = h('video', {class: 'rv-video', playsinline: true, preload: 'auto', 'aria-label': t('review.player'), hidden: !video, tabindex: -1});
    this.caption = h('p', {class: 'rv-caption', 'aria-hidden': 'true', dir: 'auto'});
    this.frame = h('div', {class: 'rv-frame', 'aria-hidden': 'true', hidden: true});
    this.fault = h('div', {class: 'rv-nofilm', hidden: video}, t('review.player.none'));
    this.picture = h('div', {class: 'rv-picture'}, this.video, this.frame, this.caption, this.fault);
    this.time = h('output', {class: 'rv-clock'}, length(0, {tenths: true}));
    this.bar = h('div', {class: 'rv-buttons', role: 'toolbar', 'aria-label': t('review.player')});
    this.element = h('section', {class: 'rv-player', 'aria-label': t('review.player')}, this.picture, this.bar);
    this.video.addEventListener('loadedmetadata', () => {
      if (this.video.videoWidth) this.shape = this.video.videoWidth / this.video.videoHeight;
      this.draw();
    });
    model.on('active', () => this.draw());
    model.on('clips', () => this.draw());
  }

  /** Buttons that do what the keys do. */
  connect(player, acts) {
    this.player = player;
    const button = (name, sign, key, run) => h('button', {
      type: 'button', class: 'vc-icon rv-button', 'aria-label': t(`review.act.${name}`), title: `${t(`review.act.${name}`)} (${key})`, onclick: run,
    }, sign);
    this.playButton = button('play', '▶', t('review.key.space'), () => player.toggle());
    this.speed = h('select', {class: 'vc-select rv-speed', 'aria-label': t('review.speed'), onchange: (event) => player.setSpeed(Number(event.target.value))},
      [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4].map((speed) => h('option', {value: String(speed), selected: speed === 1}, `${speed}×`)));
    fill(this.bar,
      button('back', '◂◂', 'J', () => player.shuttle(-1)), button('frame-back', '‹', ',', () => player.step(-1)),
      this.playButton, button('frame-on', '›', '.', () => player.step(1)), button('on', '▸▸', 'L', () => player.shuttle(1)),
      button('in', 'I', 'I', () => acts.mark('in')), button('out', 'O', 'O', () => acts.mark('out')),
      h('button', {type: 'button', class: 'vc-button vc-small', onclick: () => acts.playClip()}, t('review.act.clip')),
      this.speed, this.time);
    player.onChange(() => this.follow());
  }

  /** The picture cannot be played: why. */
  tell(text) {
    this.video.hidden = true;
    this.fault.hidden = false;
    say(this.fault, text);
  }

  follow() {
    const {player, model} = this;
    const clip = model.activeClip;
    const inside = clip ? clipTime(clip.ranges, player.ms) : null;
    say(this.time, inside === null ? length(player.ms, {tenths: true})
      : t('review.clock', {time: length(player.ms, {tenths: true}), at: length(inside), of: length(lengthOf(clip.ranges))}));
    say(this.playButton, player.playing ? '❚❚' : '▶');
    this.playButton.setAttribute('aria-label', t(player.playing ? 'review.act.pause' : 'review.act.play'));
    if (this.speed.value !== String(player.speed)) this.speed.value = String(player.speed);
    this._caption(player.ms);
  }

  draw() {
    const clip = this.model.activeClip;
    const wanted = clip && SHAPES[clip.render.aspect];
    const other = wanted && this.shape && Math.abs(wanted - this.shape) > 0.01;
    this.frame.hidden = !other;
    // Captions stand where they will: within what stays of the picture.
    this.caption.style.setProperty('--kept', String(other ? Math.min(1, wanted / this.shape) : 1));
    if (other) {
      // As a share of the picture: what stays of it when the middle is taken.
      const wide = wanted >= this.shape;
      this.frame.style.setProperty('inline-size', wide ? '100%' : `${(wanted / this.shape) * 100}%`);
      this.frame.style.setProperty('block-size', wide ? `${(this.shape / wanted) * 100}%` : '100%');
    }
    if (this.shape) this.picture.style.setProperty('--shape', String(this.shape));
    if (this.player) this._caption(this.player.ms);
  }

  /** The line that is said now, of the words that the clip plays; corrected words at once. */
  _caption(ms) {
    const {model} = this;
    const clip = model.activeClip;
    const place = model.words.placeAt(ms);
    const word = model.words.at(place);
    const on = clip && (clip.render.captions ?? 'burn') !== 'none' && word && ms < word.end_ms + 400 && model.wordState(place, clip) === 'in';
    const key = on ? `${place} ${word.text} ${clip.render.style}` : '';
    if (key === this._captioned) return;
    this._captioned = key;
    if (!on) return void fill(this.caption);
    const {first, last} = this._line(place, clip);
    const parts = [];
    for (let at = first; at <= last; at += 1) {
      if (model.wordState(at, clip) !== 'in') continue;
      parts.push(h('span', {class: at === place && LIT.has(clip.render.style) ? 'rv-lit' : ''}, model.words.at(at).text), model.words.spaceAfter(at) ? ' ' : '');
    }
    fill(this.caption, parts);
  }

  _line(place, clip) {
    const {words} = this.model;
    const sentence = words.sentences[words.at(place).row];
    let first = sentence.first;
    let letters = 0;
    for (let at = sentence.first; at <= sentence.last; at += 1) {
      if (this.model.wordState(at, clip) !== 'in') continue;
      letters += words.at(at).text.replace(/[\u2e80-\uffef]/g, 'xx').length + 1;
      if (letters > LINE && at > first) {
        if (at > place) return {first, last: at - 1};
        first = at;
        letters = words.at(at).text.length;
      }
    }
    return {first, last: sentence.last};
  }
}
