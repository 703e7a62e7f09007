/** What could not be saved yet, kept by the browser until it is: a closed tab loses nothing. */

/** @param {string} job id */
function nameOf(job) {
  return `videoclip.review.${job}`;
}

/** Keep what differs from the server, or forget it where nothing does. */
export function keepDraft(storage, job, model, saver) {
  try {
    if (!saver.dirty) return storage.removeItem(nameOf(job));
    const words = [];
    model.words.list.forEach((word, place) => {
      const {texts, speakers} = saver.transcript;
      if (word.text !== texts[place] || (word.speaker ?? null) !== speakers[place]) words.push([word.id, word.text, word.speaker ?? null]);
    });
    const clips = [...model.clips.values()]
      .filter((clip) => model.isEdited(clip) || clip.decision !== (saver.decisions.get(clip.key) ?? null))
      .map(({candidate, ...clip}) => clip);
    storage.setItem(nameOf(job), JSON.stringify({words, clips}));
  } catch {
    // A full or forbidden storage: saving to the server goes on as before.
  }
}

/** Put back what was kept; true: there was something. */
export function applyDraft(storage, job, model) {
  let draft;
  try {
    draft = JSON.parse(storage.getItem(nameOf(job)));
  } catch {
    return false;
  }
  if (!draft) return false;
  const words = draft.words.flatMap(([id, text, speaker]) => {
    const place = model.words.placeOfId.get(id);
    return place === undefined ? [] : [[place, {...model.words.at(place), text, speaker, corrected: true}]];
  });
  const clips = draft.clips.map((clip) => [clip.key, {...clip, candidate: model.clips.get(clip.key)?.candidate ?? null}]);
  model.takeOver({words, clips});
  return words.length + clips.length > 0;
}
