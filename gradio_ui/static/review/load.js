// From what the API gives to what is worked on.

import {flatten} from './diff.js';
import {Model} from './model.js';
import {whole} from './render.js';
import {Words} from './words.js';

const EMPTY = {language: '', sentences: []};

/**
 * @param {{job: object, transcript: object|null, highlights: object[], specs: object[], duration_ms: number}} told as `Remote.open` gives it.
 * @returns {{model: Model, saved: {transcript: object|null, specs: Array, decisions: Array}}}
 */
export function modelOf({job, transcript, highlights, specs, duration_ms}) {
  const render = whole(job.request.render ?? {});
  const left = [...specs].reverse();
  const clips = highlights.map(({candidate, decision}) => {
    const at = left.findIndex((spec) => spec.candidate_id === candidate.id);
    const spec = at >= 0 ? left.splice(at, 1)[0] : null;
    return {spec, clip: {
      key: candidate.id, candidate, decision, title: spec?.title ?? candidate.title.slice(0, 200), render: whole(spec?.render ?? render),
      ranges: spec?.ranges ?? [{start_ms: candidate.start_ms, end_ms: candidate.end_ms}],
    }};
  });
  for (const spec of left) {
    clips.push({spec, clip: {key: spec.id, candidate: null, decision: 'accepted', title: spec.title, ranges: spec.ranges, render: whole(spec.render)}});
  }
  const words = new Words(transcript?.content ?? {...EMPTY, duration_ms});
  return {
    model: new Model(words, clips.map(({clip}) => clip), {render}),
    saved: {
      transcript: transcript && {id: transcript.id, version: transcript.version},
      specs: clips.filter(({spec}) => spec).map(({clip, spec}) => [clip.key, spec]),
      decisions: highlights.map(({candidate, decision}) => [candidate.id, decision]),
    },
  };
}

/** Mark the words that are no longer as the recogniser wrote them. */
export function markCorrected(model, first) {
  const {texts} = flatten(first.content);
  const places = [];
  model.words.list.forEach((word, place) => {
    if (word.text !== texts[place] && !word.corrected) {
      model.words.list[place] = {...word, corrected: true};
      places.push(place);
    }
  });
  if (places.length) model.emit('marks', places);
}
