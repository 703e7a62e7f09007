// What others did meanwhile, on another device or beside us, is brought in while nothing of ours waits to be saved.

import {mergeClip} from './merge.js';
import {whole} from './render.js';

/**
 * @param {import('./saver.js').Saver} saver
 * @returns {Promise<boolean>} whether there was anything new.
 */
export async function refresh(saver) {
  if (saver.busy || saver.dirty) return false;
  const told = await saver.remote.newest(saver.transcript?.id ?? null);
  if (saver.busy || saver.dirty) return false;
  let news = false;
  if (saver.transcript && told.version > saver.transcript.version) {
    await saver.catchUp();
    news = true;
  }
  // One after the other: a clip may have both another shape and another decision.
  for (const changesOf of [clipsOf, decisionsOf]) {
    const clips = changesOf(saver, told);
    if (clips.length) saver.model.takeOver({clips});
    news ||= clips.length > 0;
  }
  return news;
}

/** Edited clips that are new, newer or gone. */
function clipsOf(saver, {specs}) {
  const {model} = saver;
  const keyOf = new Map([...saver.specs].map(([key, spec]) => [spec.id, key]));
  const changes = [];
  for (const spec of specs) {
    const key = keyOf.get(spec.id) ?? (free(saver, spec.candidate_id) ? spec.candidate_id : spec.id);
    const known = saver.specs.get(key);
    const clip = model.clips.get(key);
    if (known && known.version >= spec.version) continue;
    saver.specs.set(key, spec);
    const made = {key, candidate: null, decision: 'accepted', title: spec.title, ranges: spec.ranges, render: whole(spec.render)};
    changes.push([key, clip ? mergeClip(clip, known ?? clip, {...spec, render: whole(spec.render)}).clip : made]);
  }
  const there = new Set(specs.map((spec) => spec.id));
  for (const [key, spec] of [...saver.specs]) {
    if (there.has(spec.id)) continue;
    saver.specs.delete(key);
    const clip = model.clips.get(key);
    if (clip && !clip.candidate) changes.push([key, undefined]);
    else if (clip) changes.push([key, {...clip, title: clip.candidate.title.slice(0, 200), render: model.render, ranges: [{start_ms: clip.candidate.start_ms, end_ms: clip.candidate.end_ms}]}]);
  }
  return changes;
}

function decisionsOf(saver, {decisions}) {
  const changes = [];
  for (const [key, decision] of decisions) {
    const clip = saver.model.clips.get(key);
    if (!clip || (saver.decisions.get(key) ?? null) === decision) continue;
    saver.decisions.set(key, decision);
    changes.push([key, {...clip, decision}]);
  }
  return changes;
}

/** Whether a highlight has no edited clip yet. */
function free(saver, candidate) {
  return candidate && saver.model.clips.has(candidate) && !saver.specs.has(candidate);
}
