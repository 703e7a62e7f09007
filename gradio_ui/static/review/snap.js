/** Where handles snap to: borders of words, cuts between shots. */

/**
 * @param {import('./words.js').Words} words
 * @param {number[]} cuts where shots begin, ms, in order.
 * @param {'in'|'out'} edge the begin of a clip snaps to the begin of words, its end to their end.
 * @param {number} ms where the pointer is.
 * @param {number} reach how far it may be moved, ms.
 * @returns {{ms: number, to: 'word'|'cut'|null}}
 */
export function snap(words, cuts, edge, ms, reach) {
  const border = edge === 'in' ? 'start_ms' : 'end_ms';
  let best = {ms, to: null};
  let distance = reach;
  const place = words.placeAt(ms);
  for (let near = Math.max(0, place - 2); near <= Math.min(words.length - 1, place + 2); near += 1) {
    const away = Math.abs(words.at(near)[border] - ms);
    if (away <= distance) {
      distance = away;
      best = {ms: words.at(near)[border], to: 'word'};
    }
  }
  const cut = nearest(cuts, ms);
  // A cut wins a tie: a frame of the wrong shot is seen by everybody.
  if (cut !== null && Math.abs(cut - ms) <= distance) best = {ms: cut, to: 'cut'};
  return best;
}

/** The value of a sorted list that is nearest; null: the list is empty. */
export function nearest(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  const after = sorted[low];
  const before = sorted[low - 1];
  if (after === undefined) return before ?? null;
  if (before === undefined) return after;
  return value - before <= after - value ? before : after;
}
