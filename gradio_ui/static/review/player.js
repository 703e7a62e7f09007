// The player: plays the source, and a clip from the source's ranges as it will be, without anything being rendered.

import {gapsOf, isInOrder, playsAt} from './ranges.js';

const SPEEDS = [1, 1.5, 2, 3, 4];
const BACK_MS = 120;
/** How near to a piece's end the next one is begun: one frame at 30 a second. */
const EARLY_MS = 20;

export class Player {
  /**
   * @param {HTMLVideoElement} video
   * @param {{link: () => Promise<string>, rate?: string, duration_ms: number, onFault: Function}} source
   *   `link` gives an address that can be played for a while; `rate`: frames a second, such as 30000/1001.
   */
  constructor(video, {link, rate = '25/1', duration_ms, onFault = () => {}}) {
    this.video = video;
    this.link = link;
    this.duration_ms = duration_ms;
    this.onFault = onFault;
    const [top, bottom = 1] = rate.split('/').map(Number);
    this.frame_ms = top > 0 ? (1000 * bottom) / top : 40;
    this.clip = null;
    this.shown = null;
    this.speed = 1;
    this.back = 0;
    this._listeners = new Set();
    this._linked = 0;
    this._end = new AbortController();
    const {signal} = this._end;
    for (const name of ['play', 'pause', 'seeked', 'ratechange', 'loadedmetadata', 'ended']) video.addEventListener(name, () => this._changed(), {signal});
    video.addEventListener('timeupdate', () => this._tick(), {signal});
    video.addEventListener('error', () => this._broken(), {signal});
  }

  /** Load the source, and go to a moment of it, whatever an address may have said. */
  async open(at_ms = 0) {
    this._linked = Date.now();
    this.video.src = await this.link();
    if (at_ms) this._go(at_ms);
  }

  close() {
    this._end.abort();
    clearInterval(this._backwards);
    cancelAnimationFrame(this._frame);
    this.video.removeAttribute('src');
    this.video.load();
  }

  onChange(listener) {
    this._listeners.add(listener);
  }

  get ms() {
    return Math.round(this.video.currentTime * 1000);
  }

  get playing() {
    return !this.video.paused && !this.video.ended;
  }

  /** Go to a moment. A clip that plays goes on from there, or ends where the moment is none of it. */
  seek(ms) {
    if (this.clip) {
      const at = this.clip.ranges.findIndex(({start_ms, end_ms}) => start_ms <= ms && ms < end_ms);
      this.clip = at < 0 ? null : {...this.clip, at};
    }
    this._go(ms);
  }

  _go(ms) {
    this.video.currentTime = Math.max(0, Math.min(ms, this.duration_ms)) / 1000;
    this._changed();
  }

  toggle() {
    if (this.back) return this.stop();
    return this.playing ? this.stop() : this.play();
  }

  play() {
    this._forwards();
    return this.video.play().catch((error) => {
      if (error.name === 'NotAllowedError' || error.name === 'NotSupportedError') this.onFault(error);
    });
  }

  stop() {
    this._forwards();
    this.clip = null;
    this.video.pause();
    this._setSpeed(1);
  }

  /** Play a clip from its begin: its pieces in their order, and what was struck out is jumped. */
  playClip(ranges, from_ms = null) {
    const start = from_ms === null ? {at: 0, ms: ranges[0].start_ms} : playsAt(ranges, from_ms) ?? {at: 0, ms: ranges[0].start_ms};
    this.clip = {ranges, at: start.at};
    this._go(start.ms);
    return this.play();
  }

  /** What is jumped while the source plays: what was cut out of the clip that is looked at. */
  setShown(ranges) {
    this.shown = ranges && isInOrder(ranges) ? gapsOf(ranges) : null;
    if (this.clip && ranges) {
      const here = playsAt(ranges, this.ms);
      this.clip = here ? {ranges, at: here.at} : null;
    }
  }

  /** J and L: again is faster, the other way begins anew; K stops. */
  shuttle(direction) {
    if (direction > 0) {
      const faster = this.playing && !this.back ? SPEEDS[Math.min(SPEEDS.indexOf(this.speed) + 1, SPEEDS.length - 1)] : 1;
      this._forwards();
      this._setSpeed(faster);
      return this.play();
    }
    this.back = this.back ? SPEEDS[Math.min(SPEEDS.indexOf(this.back) + 1, SPEEDS.length - 1)] : 1;
    this.clip = null;
    this.video.pause();
    clearInterval(this._backwards);
    this._backwards = setInterval(() => {
      if (this.video.seeking) return;
      if (this.ms <= 0) this.stop();
      else this.seek(this.ms - BACK_MS * this.back);
    }, BACK_MS);
    this._changed();
    return null;
  }

  /** One frame on or back, to its middle, so that rounding shows no other one. */
  step(direction) {
    this.stop();
    const frame = Math.floor(this.ms / this.frame_ms + 0.01) + direction;
    this.seek((Math.max(0, frame) + 0.5) * this.frame_ms);
  }

  setSpeed(speed) {
    this._setSpeed(speed);
  }

  _setSpeed(speed) {
    this.speed = speed;
    this.video.playbackRate = speed;
  }

  _forwards() {
    clearInterval(this._backwards);
    if (this.back) this.back = 0;
  }

  _changed() {
    cancelAnimationFrame(this._frame);
    if (this.playing) this._frame = requestAnimationFrame(() => this._loop());
    this._tell();
  }

  _loop() {
    this._tick();
    if (this.playing) this._frame = requestAnimationFrame(() => this._loop());
  }

  _tick() {
    if (this.playing && !this.video.seeking) this._jump();
    this._tell();
  }

  /** Over what is not played; at the end of a clip it stops there. */
  _jump() {
    const early = EARLY_MS * this.video.playbackRate;
    if (this.clip) {
      const {ranges, at} = this.clip;
      const now = this.ms;
      if (now >= ranges[at].start_ms - 1 && now < ranges[at].end_ms - early) return;
      if (now < ranges[at].start_ms - 1) return void this._go(ranges[at].start_ms);
      if (at + 1 < ranges.length) {
        this.clip = {ranges, at: at + 1};
        if (Math.abs(ranges[at + 1].start_ms - ranges[at].end_ms) > 1) this._go(ranges[at + 1].start_ms);
        return;
      }
      this.stop();
      this._go(ranges[at].end_ms - 1);
      return;
    }
    const gap = this.shown?.find(({start_ms, end_ms}) => this.ms >= start_ms - early && this.ms < end_ms - early);
    if (gap) this._go(gap.end_ms);
  }

  _tell() {
    for (const listener of this._listeners) listener(this);
  }

  /** A link ends by itself: a new one goes on where the old one stopped. */
  async _broken() {
    if (!this.video.getAttribute('src')) return;
    const {error} = this.video;
    if (Date.now() - this._linked < 60_000) return void this.onFault(error);
    const at = this.ms;
    const on = this.playing;
    await this.open(at).catch((fault) => this.onFault(fault));
    if (on) await this.play();
  }
}
