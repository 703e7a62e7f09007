/** Peaks of the sound at every zoom: each level has half the pixels of the one below, so drawing costs the same. */

export class Peaks {
  /** @param {{samples_per_pixel: number, sample_rate: number, bits: number, data: number[]}} waveform audiowaveform's JSON. */
  constructor(waveform) {
    this.pixel_ms = (waveform.samples_per_pixel * 1000) / waveform.sample_rate;
    const top = 2 ** (waveform.bits - 1);
    const finest = new Float32Array(waveform.data.length >> 1);
    // Waves are nearly symmetric: the larger half is what one sees.
    for (let at = 0; at < finest.length; at += 1) {
      finest[at] = Math.max(Math.abs(waveform.data[2 * at]), Math.abs(waveform.data[2 * at + 1])) / top;
    }
    this.levels = [finest];
    while (this.levels[this.levels.length - 1].length > 512) {
      const below = this.levels[this.levels.length - 1];
      const level = new Float32Array((below.length + 1) >> 1);
      for (let at = 0; at < level.length; at += 1) {
        level[at] = Math.max(below[2 * at], below[2 * at + 1] ?? 0);
      }
      this.levels.push(level);
    }
    this.loudest = this.levels[this.levels.length - 1].reduce((a, b) => Math.max(a, b), 0.05);
  }

  /**
   * The loudest moment of each pixel of a view, 0 to 1 of the loudest of all.
   * @param {number} start_ms where the view begins.
   * @param {number} ms_per_pixel
   * @param {number} width pixels
   */
  view(start_ms, ms_per_pixel, width) {
    let depth = 0;
    while (depth + 1 < this.levels.length && this.pixel_ms * 2 ** (depth + 1) <= ms_per_pixel) depth += 1;
    const level = this.levels[depth];
    const step = this.pixel_ms * 2 ** depth;
    const seen = new Float32Array(width);
    for (let x = 0; x < width; x += 1) {
      const first = Math.max(0, Math.floor((start_ms + x * ms_per_pixel) / step));
      const last = Math.max(first + 1, Math.floor((start_ms + (x + 1) * ms_per_pixel) / step));
      for (let at = first; at < last && at < level.length; at += 1) seen[x] = Math.max(seen[x], level[at]);
      seen[x] /= this.loudest;
    }
    return seen;
  }
}
