// Draws the time line: ruler, sound, cuts between shots, clips, what is cut out of them, where the player is.

import {length} from '../lib/format.js';

export const RULER = 18;
export const LANE = 16;
const STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];

/** The colours of the page as it is now, light or dark. */
export function colours(element) {
  const style = getComputedStyle(element);
  const of = (name, other) => style.getPropertyValue(name).trim() || other;
  return {
    text: of('--rv-faint', '#667'), line: of('--rv-line', '#ccd'), wave: of('--rv-wave', '#88a'), cut: of('--rv-cut', '#c66'),
    accent: of('--rv-accent', '#2563eb'), open: of('--rv-open', '#8a97ad'), gone: of('--rv-gone', '#bbb'), head: of('--rv-head', '#d11'),
  };
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {import('./scale.js').Scale} scale
 * @param {{height: number, peaks: object|null, cuts: number[], clips: Array, active: string|null, playhead_ms: number, colour: object}} what
 *   `clips`: `{key, ranges, standing, score, lane}`; the better one is, the darker.
 */
export function draw(pen, scale, {height, peaks, cuts, clips, active, playhead_ms, colour}) {
  const {width} = scale;
  pen.clearRect(0, 0, width, height);
  ruler(pen, scale, colour, height);
  const lanes = LANE * 2;
  const floor = height - lanes;
  sound(pen, scale, peaks, RULER, floor, colour);
  for (const ms of cuts) {
    const x = Math.round(scale.x(ms)) + 0.5;
    if (x >= 0 && x <= width) line(pen, x, RULER, floor, colour.cut);
  }
  for (const clip of clips) if (clip.key !== active) band(pen, scale, clip, floor, colour, false);
  const chosen = clips.find((clip) => clip.key === active);
  if (chosen) band(pen, scale, chosen, floor, colour, true);
  const x = Math.round(scale.x(playhead_ms)) + 0.5;
  if (x >= 0 && x <= width) line(pen, x, 0, height, colour.head, 1.5);
}

function ruler(pen, scale, colour, height) {
  const step = STEPS_MS.find((ms) => ms / scale.ms_per_px >= 70) ?? STEPS_MS[STEPS_MS.length - 1];
  pen.fillStyle = colour.text;
  pen.font = '11px system-ui, sans-serif';
  pen.textBaseline = 'top';
  for (let ms = Math.ceil(scale.start_ms / step) * step; ms <= scale.end_ms; ms += step) {
    const x = Math.round(scale.x(ms)) + 0.5;
    line(pen, x, 0, height, colour.line);
    pen.fillText(length(ms, {tenths: step < 1000}), x + 4, 3);
  }
}

function sound(pen, scale, peaks, top, floor, colour) {
  if (!peaks) return;
  const middle = (top + floor) / 2;
  const half = (floor - top) / 2 - 2;
  const seen = peaks.view(scale.start_ms, scale.ms_per_px, Math.ceil(scale.width));
  pen.fillStyle = colour.wave;
  for (let x = 0; x < seen.length; x += 1) {
    const tall = Math.max(0.5, seen[x] * half);
    pen.fillRect(x, middle - tall, 1, tall * 2);
  }
}

function band(pen, scale, {ranges, standing, score, lane}, floor, colour, chosen) {
  const fill = {accepted: colour.accent, open: colour.open}[standing] ?? colour.gone;
  const y = floor + lane * LANE + 2;
  for (const {start_ms, end_ms} of ranges) {
    const x = scale.x(start_ms);
    const wide = Math.max(2, scale.x(end_ms) - x);
    if (x > scale.width || x + wide < 0) continue;
    pen.globalAlpha = chosen ? 1 : 0.3 + 0.7 * score;
    pen.fillStyle = fill;
    pen.fillRect(x, y, wide, LANE - 4);
    if (chosen) {
      pen.globalAlpha = 0.16;
      pen.fillRect(x, RULER, wide, floor - RULER);
    }
    pen.globalAlpha = 1;
  }
  const span = [scale.x(Math.min(...ranges.map((r) => r.start_ms))), scale.x(Math.max(...ranges.map((r) => r.end_ms)))];
  if (ranges.length > 1) line(pen, span[0], y + LANE / 2 - 2, y + LANE / 2 - 2, fill, 1.5, span[1]);
  if (chosen) {
    pen.strokeStyle = colour.accent;
    pen.lineWidth = 1.5;
    pen.strokeRect(span[0], y - 1, Math.max(2, span[1] - span[0]), LANE - 2);
  }
}

function line(pen, x, top, bottom, colour, wide = 1, right = x) {
  pen.strokeStyle = colour;
  pen.lineWidth = wide;
  pen.beginPath();
  pen.moveTo(x, top);
  pen.lineTo(right, bottom);
  pen.stroke();
}
