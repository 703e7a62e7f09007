// The state of the review editor: ranges, words, clips, undo.

import assert from "node:assert/strict";
import test from "node:test";
import * as R from "../../../gradio_ui/static/review/ranges.js";
import { Words } from "../../../gradio_ui/static/review/words.js";
import { snap } from "../../../gradio_ui/static/review/snap.js";
import { Peaks } from "../../../gradio_ui/static/review/peaks.js";
import { review, transcript, LINES } from "./made.mjs";

const r = (...pairs) => pairs.map(([start_ms, end_ms]) => ({ start_ms, end_ms }));

test("ranges are cut, put back and trimmed", () => {
  const whole = r([0, 1000]);
  const cut = R.without(whole, 400, 600);
  assert.deepEqual(cut, r([0, 400], [600, 1000]));
  assert.deepEqual(R.without(cut, 0, 390), r([600, 1000]), "what is left is too short to be seen");
  assert.deepEqual(R.withAlso(cut, 400, 600), whole);
  assert.deepEqual(R.withAlso(cut, 450, 500), r([0, 400], [450, 500], [600, 1000]));
  assert.deepEqual(R.withStart(cut, 700), r([700, 1000]));
  assert.deepEqual(R.withEnd(cut, 500), r([0, 400]));
  assert.deepEqual(R.withEnd(cut, 1500), r([0, 400], [600, 1500]));
  assert.deepEqual(R.withStart(r([100, 200]), 300), r([100, 200]), "a clip is never empty");
  assert.deepEqual(R.gapsOf(cut), r([400, 600]));
  assert.equal(R.lengthOf(cut), 800);
});

test("playback jumps what is cut out, in the order of the list", () => {
  const cut = r([0, 400], [600, 1000]);
  assert.deepEqual(R.playsAt(cut, 450), { at: 1, ms: 600 });
  assert.deepEqual(R.playsAt(cut, 400, 0), { at: 1, ms: 600 });
  assert.equal(R.playsAt(cut, 1000, 1), null);
  const turned = r([600, 1000], [0, 400]);
  assert.deepEqual(R.playsAt(turned, 1000, 0), { at: 1, ms: 0 });
  assert.equal(R.clipTime(turned, 100), 500);
  assert.equal(R.clipTime(cut, 500), null);
});

test("the copied share is what lies between keyframes", () => {
  assert.equal(R.copiedShare(r([500, 4500]), [0, 1000, 2000, 4000, 5000]), 0.75);
  assert.equal(R.copiedShare(r([100, 900]), [0, 1000]), 0);
  assert.equal(R.copiedShare(r([0, 1000]), []), 0);
});

test("words are found by time and by text", () => {
  const words = new Words(transcript(LINES));
  assert.deepEqual([words.placeAt(-1), words.placeAt(0), words.placeAt(499), words.placeAt(500)], [-1, 0, 0, 1]);
  assert.deepEqual(words.placesIn(500, 1500), [1, 2]);
  assert.equal(words.placesIn(410, 490), null);
  assert.deepEqual(words.find("AND  welcome"), [[2, 3]]);
  assert.deepEqual(words.find("you"), [[5, 5], [11, 11]]);
  assert.deepEqual(words.find(" "), []);
  assert.equal(words.textOf(0, 2), "Good evening and");
  const chinese = new Words(transcript([["S1", "今天是A好"]], "zh-CN", true));
  assert.equal(chinese.textOf(0, 4), "今天是A好");
  assert.deepEqual(chinese.find("天是"), [[1, 2]]);
});

test("handles snap to words and to cuts, and a cut wins", () => {
  const words = new Words(transcript(LINES));
  assert.deepEqual(snap(words, [], "in", 1030, 50), { ms: 1000, to: "word" });
  assert.deepEqual(snap(words, [], "out", 1390, 50), { ms: 1400, to: "word" });
  assert.deepEqual(snap(words, [1020], "in", 1015, 50), { ms: 1020, to: "cut" });
  assert.deepEqual(snap(words, [990], "in", 995, 50), { ms: 990, to: "cut" });
  assert.deepEqual(snap(words, [], "in", 1200, 50), { ms: 1200, to: null });
});

test("peaks are the loudest of each pixel at every zoom", () => {
  const data = Array.from({ length: 4000 }, (_, at) => (at % 2 ? 10 : -10));
  data[2001] = 100;
  const peaks = new Peaks({ samples_per_pixel: 160, sample_rate: 16000, bits: 8, data });
  const near = peaks.view(9990, 10, 3);
  assert.deepEqual([...near].map((one) => Math.round(one * 100)), [10, 100, 10]);
  const far = peaks.view(0, 2000, 10);
  assert.equal(far[5], 1);
  assert.ok(far[2] < 0.2);
});

test("selected words become a clip, or trim one, and each step can be taken back", () => {
  const { model } = review();
  const key = model.makeClip(4, 9);
  assert.deepEqual(model.clips.get(key).ranges, r([2000, 4900]));
  assert.equal(model.clips.get(key).title, "um you know it is cheap");
  assert.equal(model.active, key);
  model.trimTo(key, 5, 8);
  assert.deepEqual(model.clips.get(key).ranges, r([2500, 4400]));
  model.nudge(key, "in", -1);
  model.nudge(key, "out", 1);
  assert.deepEqual(model.clips.get(key).ranges, r([2000, 4900]));
  model.nudge(key, "in", 1);
  model.nudge(key, "out", -1);
  assert.deepEqual(model.clips.get(key).ranges, r([2500, 4400]));
  for (let step = 0; step < 6; step += 1) assert.ok(model.undo());
  assert.equal(model.clips.has(key), false);
  assert.equal(model.active, null);
  assert.equal(model.undo(), null);
  for (let step = 0; step < 6; step += 1) assert.ok(model.redo());
  assert.deepEqual(model.clips.get(key).ranges, r([2500, 4400]));
});

test("a drag is one step", () => {
  const { model } = review();
  for (const ms of [100, 200, 300]) model.trim("c1", "in", ms, "drag 1");
  assert.equal(model.history.done.length, 1);
  model.undo();
  assert.deepEqual(model.clips.get("c1").ranges, r([0, 1900]));
  assert.equal(model.clips.get("c1").decision, null, "with the decision that it implied");
});

test("struck words are cut out of the clip that plays them, and put back", () => {
  const { model } = review();
  model.activate("c2");
  assert.equal(model.strike(4, 6), "struck");
  assert.deepEqual(model.clips.get("c2").ranges, r([3500, 4900]), "at the begin nothing is left before");
  model.undo();
  assert.equal(model.strike(5, 6), "struck");
  assert.deepEqual(model.clips.get("c2").ranges, r([2000, 2460], [3500, 4900]));
  assert.deepEqual([4, 5, 6, 7, 11].map((place) => model.wordState(place)), ["in", "struck", "struck", "in", ""]);
  assert.equal(model.strike(5, 6), "restored");
  assert.deepEqual(model.clips.get("c2").ranges, r([2000, 4900]));
  assert.equal(model.strike(10, 11), "no clip");
  assert.equal(model.strike(4, 9), "all");
});

test("speakers are renamed everywhere, merged, and parted again by undo", () => {
  const { model } = review();
  assert.ok(model.renameSpeaker("S1", "Host"));
  assert.deepEqual(model.words.speakers().map((one) => one.name), ["Host", "S2"]);
  model.renameSpeaker("S2", "Host");
  assert.deepEqual(model.words.speakers(), [{ name: "Host", sentences: 3 }]);
  model.undo();
  assert.equal(model.words.speakerOf(1), "S2");
  assert.equal(model.renameSpeaker("S2", "  "), false);
});

test("the threshold drops what nobody has decided", () => {
  const { model } = review();
  const standings = () => [...model.clips.values()].map((clip) => model.standing(clip));
  assert.deepEqual(standings(), ["open", "under"]);
  model.setThreshold(0.3);
  assert.deepEqual(standings(), ["open", "dropped"]);
  model.setThreshold(0.95);
  model.decide("c2", "accepted");
  assert.deepEqual(standings(), ["under", "accepted"]);
  assert.deepEqual(model.accepted.map((clip) => clip.key), ["c2"]);
});

test("a word is corrected once, and stays one line", () => {
  const { model } = review();
  const seen = [];
  model.on("words", (places) => seen.push(...places));
  assert.equal(model.setText(1, " morning\n all "), true);
  assert.equal(model.words.at(1).text, "morning all");
  assert.equal(model.words.at(1).start_ms, 500);
  assert.equal(model.setText(1, "  "), false);
  assert.equal(model.setText(1, "\u200b\u0007\u2028"), false, "nothing of it can be seen");
  model.undo();
  assert.equal(model.words.at(1).text, "evening");
  assert.deepEqual(seen, [1, 1]);
  assert.deepEqual(model.words.find("evening"), [[1, 1]]);
});

test("who may only look changes nothing, and is told", () => {
  const { model } = review();
  let told = 0;
  model.on("locked", () => (told += 1));
  model.locked = true;
  model.activate("c1");
  assert.equal(model.setText(0, "Bad"), false);
  assert.equal(model.renameSpeaker("S1", "Host"), false);
  assert.equal(model.makeClip(4, 9), null);
  assert.equal(model.decide("c1", "accepted"), false);
  assert.equal(model.strike(1, 1), "locked");
  assert.equal(model.trim("c1", "in", 700), false);
  assert.equal(model.setRender("c1", { style: "pop" }), false);
  assert.equal(told, 7);
  assert.equal(model.words.at(0).text, "Good");
  assert.equal(model.clips.size, 2);
  assert.equal(model.active, "c1");
});

test("undo takes back what was done here, and not what others did since", () => {
  const { model } = review();
  model.trim("c1", "in", 500);
  model.setText(0, "Bad");
  const clip = model.clips.get("c1");
  model.takeOver({ clips: [["c1", { ...clip, title: "Theirs" }]], words: [[0, { ...model.words.at(0), speaker: "Ann" }]] });
  model.undo();
  model.undo();
  assert.deepEqual([model.words.at(0).text, model.words.at(0).speaker], ["Good", "Ann"]);
  assert.deepEqual([model.clips.get("c1").title, model.clips.get("c1").ranges], ["Theirs", r([0, 1900])]);
  model.redo();
  assert.deepEqual([model.clips.get("c1").title, model.clips.get("c1").ranges], ["Theirs", r([500, 1900])]);
});
