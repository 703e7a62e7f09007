// Other renders of the same moment: clips of the same source whose ranges are mostly the same.

import {api} from '../lib/api.js';

const LOOKED_AT = 100;
const SAME = 0.5;

/** [{job, clip}], newest first. */
export async function siblings(job, clip, signal) {
  const {jobs} = await api.get('/jobs', {limit: LOOKED_AT}, {signal});
  const alike = jobs.filter((one) => one.request.source === job.request.source && ['clip', 'cut', 'render'].includes(one.kind) && ['succeeded', 'partial'].includes(one.state));
  const found = [];
  for (const one of alike) {
    const {clips} = await api.get(`/jobs/${one.id}/clips`, {}, {signal});
    for (const other of clips) if (!(one.id === job.id && other.id === clip.id) && shared(clip.ranges, other.ranges) >= SAME) found.push({job: one, clip: other});
  }
  return found;
}

/** How much of two lists of ranges is the same, from 0 to 1. */
export function shared(first, second) {
  const span = (ranges) => ranges.reduce((sum, one) => sum + one.end_ms - one.start_ms, 0);
  let both = 0;
  for (const a of first) for (const b of second) both += Math.max(0, Math.min(a.end_ms, b.end_ms) - Math.max(a.start_ms, b.start_ms));
  return both / Math.max(1, span(first), span(second));
}
