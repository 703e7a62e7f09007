// A transcript and a server for the tests of the review editor.

import { Words } from "../../../gradio_ui/static/review/words.js";
import { whole } from "../../../gradio_ui/static/review/render.js";
import { Model } from "../../../gradio_ui/static/review/model.js";

/** Sentences of words; a word takes 400 ms and is followed by a pause of 100 ms. */
export function transcript(lines, language = "en", join = false) {
  let id = 0;
  const sentences = lines.map(([speaker, text], number) => {
    const words = (join ? [...text] : text.split(" ")).map((word) => {
      const made = { id, text: word, start_ms: id * 500, end_ms: id * 500 + 400, confidence: 0.9, speaker };
      id += 1;
      return made;
    });
    return { id: number, text, start_ms: words[0].start_ms, end_ms: words.at(-1).end_ms, words, speaker };
  });
  return { version: 1, language, duration_ms: id * 500 + 1000, engine: { name: "test" }, sentences, untranscribed: [] };
}

export const LINES = [
  ["S1", "Good evening and welcome"],
  ["S2", "um you know it is cheap"],
  ["S1", "Thank you"],
];

export function candidate(id, score, first, last, more = {}) {
  return {
    id, first_sentence: 0, last_sentence: 0, start_ms: first * 500, end_ms: last * 500 + 400, title: `Title ${id}`,
    reason: "because", quote: "", hook: "", score, scores: {}, engine: "test", selected: false, dropped: null, ...more,
  };
}

export function clipOf(one, decision = null) {
  return {
    key: one.id, candidate: one, title: one.title, ranges: [{ start_ms: one.start_ms, end_ms: one.end_ms }], render: whole({}), decision,
  };
}

export function review(lines = LINES) {
  const content = transcript(lines);
  const clips = [candidate("c1", 0.9, 0, 3, { selected: true }), candidate("c2", 0.4, 4, 9, { dropped: "too dull" })];
  return { content, model: new Model(new Words(content), clips.map((one) => clipOf(one)), { render: whole({}) }) };
}

/** A server that answers as the gateway does; `broken` makes every call fail with that status. */
export class Server {
  constructor(content) {
    this.version = 1;
    this.content = structuredClone(content);
    this.specs = new Map();
    this.decisions = new Map();
    this.calls = [];
    this.broken = null;
  }

  _call(name, ...rest) {
    this.calls.push([name, ...rest]);
    if (this.broken !== null) throw Object.assign(new Error(name), { status: this.broken });
  }

  get words() {
    return this.content.sentences.flatMap((sentence) => sentence.words);
  }

  async correct(id, body) {
    this._call("correct", body);
    if (body.base_version !== this.version) throw Object.assign(new Error("conflict"), { status: 409 });
    this.version += 1;
    for (const { id: word, text } of body.words) this.words.find((one) => one.id === word).text = text;
    for (const { id: sentence, speaker } of body.sentences) {
      for (const word of this.content.sentences.find((one) => one.id === sentence).words) word.speaker = speaker;
    }
    for (const word of this.words) word.speaker = body.speakers[word.speaker] ?? word.speaker;
    return this.transcript();
  }

  async transcript() {
    return structuredClone({ id: "t", version: this.version, content: this.content });
  }

  async create(clip, isNew) {
    this._call("create", clip.key);
    const lost = [...this.specs.values()].find((spec) => isNew(spec) && spec.title === clip.title);
    if (lost) return lost;
    const spec = { id: `s${this.specs.size + 1}`, version: 1, title: clip.title, ranges: clip.ranges, render: clip.render };
    this.specs.set(spec.id, spec);
    return spec;
  }

  async spec(id) {
    this._call("spec", id);
    return this.specs.get(id);
  }

  async change(id, { base_version, ...change }) {
    this._call("change", id, change);
    const spec = this.specs.get(id);
    if (!spec) throw Object.assign(new Error("gone"), { status: 404 });
    if (spec.version !== base_version) throw Object.assign(new Error("conflict"), { status: 409 });
    const changed = { ...spec, ...change, version: spec.version + 1 };
    this.specs.set(id, changed);
    return changed;
  }

  async forget(id) {
    this._call("forget", id);
    this.specs.delete(id);
  }

  async newest() {
    return {version: this.version, specs: [...this.specs.values()], decisions: [...this.decisions]};
  }

  async decide(key, decision) {
    this._call("decide", key, decision);
    this.decisions.set(key, decision);
  }
}
