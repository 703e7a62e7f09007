// Which part of the source the time line shows, and where a moment of it is.

export class Scale {
  /** @param {number} duration_ms */
  constructor(duration_ms) {
    this.duration_ms = Math.max(1, duration_ms);
    this.width = 1;
    this.start_ms = 0;
    this.ms_per_px = 1;
    this._fitted = true;
  }

  get end_ms() {
    return this.start_ms + this.width * this.ms_per_px;
  }

  x(ms) {
    return (ms - this.start_ms) / this.ms_per_px;
  }

  ms(x) {
    return this.start_ms + x * this.ms_per_px;
  }

  resize(width) {
    this.width = Math.max(1, width);
    if (this._fitted) this.ms_per_px = this.duration_ms / this.width;
    this._hold();
  }

  /** Nearer (below 1) or farther, so that one moment stays where it is. */
  zoom(factor, at_ms = (this.start_ms + this.end_ms) / 2) {
    const x = this.x(at_ms);
    const all = this.duration_ms / this.width;
    this.ms_per_px = Math.max(2, Math.min(all, this.ms_per_px * factor));
    this._fitted = this.ms_per_px >= all;
    this.start_ms = at_ms - x * this.ms_per_px;
    this._hold();
  }

  move(ms) {
    this.start_ms += ms;
    this._hold();
  }

  fit() {
    this._fitted = true;
    this.resize(this.width);
  }

  /** Show a stretch with a margin, unless it is shown large enough already. */
  show(start_ms, end_ms) {
    const span = Math.max(2000, end_ms - start_ms);
    const seen = this.width * this.ms_per_px;
    if (start_ms >= this.start_ms && end_ms <= this.end_ms && span > seen / 6) return;
    this.ms_per_px = Math.min(this.duration_ms / this.width, (span * 1.8) / this.width);
    this._fitted = false;
    this.start_ms = start_ms - span * 0.4;
    this._hold();
  }

  /** Bring a moment into view. */
  reveal(ms) {
    if (ms < this.start_ms || ms > this.end_ms) this.start_ms = ms - this.width * this.ms_per_px * 0.15;
    this._hold();
  }

  _hold() {
    const seen = this.width * this.ms_per_px;
    this.start_ms = Math.max(0, Math.min(this.start_ms, this.duration_ms - seen));
  }
}
