/** What was done, to be undone: each step knows what clips and words were before and after it. */

const MOST = 500;

/**
 * @typedef {{label: string, clips: Array, words: Array, gesture: (string|null)}} Step
 * `clips` and `words` hold `[key, before, after]`; `undefined` is: was not there.
 */

export class History {
  constructor() {
    this.done = [];
    this.undone = [];
  }

  /** @param {Step} step steps of one gesture, such as a drag, become one. */
  push(step) {
    this.undone = [];
    const last = this.done[this.done.length - 1];
    if (step.gesture && last && last.gesture === step.gesture) {
      last.clips = merged(last.clips, step.clips);
      last.words = merged(last.words, step.words);
      return;
    }
    this.done.push(step);
    if (this.done.length > MOST) this.done.shift();
  }

  /** The step to take back now; null: none. */
  back() {
    const step = this.done.pop() ?? null;
    if (step) this.undone.push(step);
    return step;
  }

  /** The step to do again now; null: none. */
  forward() {
    const step = this.undone.pop() ?? null;
    if (step) this.done.push(step);
    return step;
  }

  get undoLabel() {
    return this.done[this.done.length - 1]?.label ?? null;
  }

  get redoLabel() {
    return this.undone[this.undone.length - 1]?.label ?? null;
  }
}

function merged(older, newer) {
  const all = new Map(older.map((change) => [change[0], change]));
  for (const [key, before, after] of newer) {
    const known = all.get(key);
    all.set(key, known ? [key, known[1], after] : [key, before, after]);
  }
  return [...all.values()];
}
