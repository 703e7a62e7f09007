/**
 * Edit lists: runs of half-open ranges of the source in milliseconds, in the order they play.
 *
 * Every function gives a new list; none changes what it was given.
 *
 * @typedef {{start_ms: number, end_ms: number}} Range
 */

/** Shortest piece that is kept when something is cut away: less is a flicker. */
export const SHORTEST_MS = 40;

/** @param {Range[]} ranges */
export function lengthOf(ranges) {
  return ranges.reduce((sum, range) => sum + range.end_ms - range.start_ms, 0);
}

/** From the first to the last moment of the source that a list touches; null where it is empty. */
export function spanOf(ranges) {
  if (!ranges.length) return null;
  return {
    start_ms: Math.min(...ranges.map((range) => range.start_ms)),
    end_ms: Math.max(...ranges.map((range) => range.end_ms)),
  };
}

/** Whether each range begins after the one before has ended. */
export function isInOrder(ranges) {
  return ranges.every((range, at) => at === 0 || range.start_ms >= ranges[at - 1].end_ms);
}

export function isEqual(one, other) {
  return one.length === other.length
    && one.every((range, at) => range.start_ms === other[at].start_ms && range.end_ms === other[at].end_ms);
}

export function covers(ranges, ms) {
  return ranges.some((range) => range.start_ms <= ms && ms < range.end_ms);
}

/** Whether any of it lies in `[start_ms, end_ms)`. */
export function touches(ranges, start_ms, end_ms) {
  return ranges.some((range) => range.start_ms < end_ms && start_ms < range.end_ms);
}

/** The list without a range of the source. */
export function without(ranges, start_ms, end_ms) {
  const left = [];
  for (const range of ranges) {
    const before = {start_ms: range.start_ms, end_ms: Math.min(range.end_ms, start_ms)};
    const after = {start_ms: Math.max(range.start_ms, end_ms), end_ms: range.end_ms};
    if (range.end_ms <= start_ms || end_ms <= range.start_ms) left.push({...range});
    else left.push(...[before, after].filter((piece) => piece.end_ms - piece.start_ms >= SHORTEST_MS));
  }
  return left;
}

/** The list with a range of the source put back; pieces that touch become one. Only for lists in order. */
export function withAlso(ranges, start_ms, end_ms) {
  const all = [...ranges, {start_ms, end_ms}].sort((a, b) => a.start_ms - b.start_ms);
  const joined = [];
  for (const range of all) {
    const last = joined[joined.length - 1];
    if (last && range.start_ms <= last.end_ms) last.end_ms = Math.max(last.end_ms, range.end_ms);
    else joined.push({...range});
  }
  return joined;
}

/**
 * The list with another begin; what was cut out in the middle stays cut out.
 * Going earlier lengthens the first piece; going later shortens or drops pieces.
 */
export function withStart(ranges, ms) {
  const span = spanOf(ranges);
  if (!span || ms >= span.end_ms - SHORTEST_MS) return ranges.map((range) => ({...range}));
  const first = ranges[0];
  if (ms <= first.start_ms) return [{...first, start_ms: ms}, ...ranges.slice(1).map((r) => ({...r}))];
  const left = without(ranges, 0, ms);
  return left.length ? left : ranges.map((range) => ({...range}));
}

/** The list with another end; the mirror of `withStart`. */
export function withEnd(ranges, ms) {
  const span = spanOf(ranges);
  if (!span || ms <= span.start_ms + SHORTEST_MS) return ranges.map((range) => ({...range}));
  const last = ranges[ranges.length - 1];
  if (ms >= last.end_ms) return [...ranges.slice(0, -1).map((r) => ({...r})), {...last, end_ms: ms}];
  const left = without(ranges, ms, Infinity);
  return left.length ? left : ranges.map((range) => ({...range}));
}

/** What is cut out between the begin and the end of a list in order. */
export function gapsOf(ranges) {
  const gaps = [];
  for (let at = 1; at < ranges.length; at += 1) {
    if (ranges[at].start_ms > ranges[at - 1].end_ms) {
      gaps.push({start_ms: ranges[at - 1].end_ms, end_ms: ranges[at].start_ms});
    }
  }
  return gaps;
}

/**
 * Where playback goes on from a moment of the source: the moment itself, the begin of the next piece, or null
 * behind the end. `at` is the piece that plays, or -1 to look for one.
 */
export function playsAt(ranges, ms, at = -1) {
  const found = at >= 0 ? at : ranges.findIndex((range) => ms < range.end_ms);
  if (found < 0 || found >= ranges.length) return null;
  if (ms < ranges[found].start_ms) return {at: found, ms: ranges[found].start_ms};
  if (ms < ranges[found].end_ms) return {at: found, ms};
  return found + 1 < ranges.length ? {at: found + 1, ms: ranges[found + 1].start_ms} : null;
}

/** How far into the clip a moment of the source is, ms; null where the clip does not show it. */
export function clipTime(ranges, ms) {
  let before = 0;
  for (const range of ranges) {
    if (range.start_ms <= ms && ms < range.end_ms) return before + ms - range.start_ms;
    before += range.end_ms - range.start_ms;
  }
  return null;
}

/**
 * Which share of a clip can be copied bit by bit, 0 to 1: of each range what lies between its first and last
 * keyframe. As the smart cut does it; what is left at the edges is encoded anew.
 */
export function copiedShare(ranges, keyframes) {
  const total = lengthOf(ranges);
  if (!total || !keyframes.length) return 0;
  let copied = 0;
  for (const range of ranges) {
    const first = keyframes.find((ms) => ms >= range.start_ms);
    let last = -1;
    for (const ms of keyframes) {
      if (ms > range.end_ms) break;
      last = ms;
    }
    if (first !== undefined && last > first) copied += last - first;
  }
  return copied / total;
}
