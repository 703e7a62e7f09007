// How the active clip is made: title, captions, shape, brand; and how much of the source's picture stays untouched.

import {fill, h, say} from '../lib/dom.js';
import {length, list as listed, percent} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {copiedShare, lengthOf} from './ranges.js';

const STYLES = ['clean', 'boxed', 'karaoke', 'pop', 'bold', 'minimal', 'news'];
const ASPECTS = ['source', '16:9', '9:16', '1:1', '4:5'];
const CAPTIONS = ['burn', 'soft', 'sidecar', 'none'];

/** Why the whole picture is encoded anew; empty: only what lies at the edges is. */
export function reasonsToEncode(render, video) {
  const why = [];
  if ((render.captions ?? 'burn') === 'burn') why.push('captions');
  if ((render.aspect ?? 'source') !== 'source') why.push('aspect');
  if (render.watermark) why.push('watermark');
  if (render.title_card_ms > 0) why.push('title');
  if ((render.speed ?? 100) !== 100) why.push('speed');
  if (render.crossfade_ms > 0) why.push('crossfade');
  if (render.jump_cuts?.length) why.push('jumps');
  if (render.mode === 'encode') why.push('mode');
  if (video && video.codec !== 'h264') why.push('codec');
  return why;
}

export class Inspector {
  /**
   * @param {import('./model.js').Model} model
   * @param {{video: object|null, signal: AbortSignal, play: Function}} page `video`: the source's stream, as probed.
   */
  constructor(model, {video, signal, play}) {
    this.model = model;
    this.video = video;
    this.play = play;
    this.keyframes = null;
    this.presets = [];
    const fit = (name, values, change) => h('select', {class: 'vc-select', onchange: (event) => change(event.target.value)},
      values.map((value) => h('option', {value}, t(`review.${name}.${value}`))));
    this.title = h('input', {class: 'vc-input', maxlength: 200, onchange: () => model.setTitle(model.active, this.title.value)});
    this.style = fit('style', STYLES, (style) => this._set({style}));
    this.aspect = fit('aspect', ASPECTS, (aspect) => this._set({aspect}));
    this.captions = fit('captions', CAPTIONS, (captions) => this._set({captions}));
    this.brand = h('select', {class: 'vc-select', onchange: () => this._brand()});
    this.jumps = h('input', {type: 'checkbox', onchange: () => this._set({jump_cuts: this.jumps.checked ? ['silence', 'fillers'] : []})});
    this.untouched = h('p', {class: 'rv-untouched', role: 'status'});
    const field = (name, control) => h('label', {class: 'rv-field'}, h('span', {}, t(`review.field.${name}`)), control);
    this.form = h('div', {class: 'rv-form'},
      field('title', this.title), field('style', this.style), field('aspect', this.aspect), field('captions', this.captions), field('brand', this.brand),
      h('label', {class: 'rv-check'}, this.jumps, h('span', {}, t('review.field.jumps'))),
      h('button', {type: 'button', class: 'vc-button vc-small', onclick: () => this._forAll()}, t('review.for-all')));
    this.none = h('p', {class: 'vc-faint'}, t('review.inspector.none'));
    this.element = h('section', {class: 'rv-inspector', 'aria-label': t('review.inspector')}, this.none, this.form, this.untouched);
    const stops = ['active', 'clips'].map((topic) => model.on(topic, () => this.draw()));
    signal.addEventListener('abort', () => stops.forEach((stop) => stop()));
    this.setPresets([]);
    this.draw();
  }

  setPresets(presets) {
    this.presets = presets;
    fill(this.brand, h('option', {value: ''}, t('review.brand.none')), presets.map((one) => h('option', {value: one.id}, one.name)));
    this.draw();
  }

  setKeyframes(keyframes) {
    this.keyframes = keyframes;
    this.draw();
  }

  draw() {
    const clip = this.model.activeClip;
    this.form.hidden = this.untouched.hidden = !clip;
    this.none.hidden = Boolean(clip);
    if (!clip) return;
    const {render} = clip;
    if (document.activeElement !== this.title) this.title.value = clip.title;
    this.style.value = render.style ?? 'clean';
    this.style.disabled = (render.captions ?? 'burn') !== 'burn';
    this.aspect.value = render.aspect ?? 'source';
    this.captions.value = render.captions ?? 'burn';
    this.jumps.checked = Boolean(render.jump_cuts?.length);
    this.brand.value = this.presets.find((one) => matches(render, one.render))?.id ?? '';
    say(this.untouched, this._share(clip));
  }

  _share(clip) {
    const time = length(lengthOf(clip.ranges));
    if (!this.video) return t('review.untouched.sound', {time});
    const why = reasonsToEncode(clip.render, this.video);
    if (why.length) return t('review.untouched.no', {time, why: listed(why.map((name) => t(`review.because.${name}`)))});
    if (clip.render.mode === 'copy') return t('review.untouched', {time, share: percent(1)});
    if (!this.keyframes) return t('review.untouched.soon', {time});
    return t('review.untouched', {time, share: percent(copiedShare(clip.ranges, this.keyframes))});
  }

  _set(patch) {
    const {model} = this;
    // Only captions that are burnt in have a style.
    if (patch.captions && patch.captions !== 'burn') patch.style = 'clean';
    model.setRender(model.active, patch);
  }

  _brand() {
    const preset = this.presets.find((one) => one.id === this.brand.value);
    this._set(preset ? {...preset.render} : {...this.model.render});
  }

  /** All that are rendered get the look of this one. */
  _forAll() {
    const {model} = this;
    model.setRender(model.accepted.map((clip) => clip.key), {...model.activeClip.render});
  }
}

function matches(render, preset) {
  return Object.entries(preset).every(([name, value]) => JSON.stringify(render[name]) === JSON.stringify(value));
}
