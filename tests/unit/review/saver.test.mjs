// Saving by itself: what is sent, when two people edit, when there is no line.

import assert from "node:assert/strict";
import test from "node:test";
import { Saver } from "../../../gradio_ui/static/review/saver.js";
import { whole } from "../../../gradio_ui/static/review/render.js";
import { refresh } from "../../../gradio_ui/static/review/refresh.js";
import { applyDraft, keepDraft } from "../../../gradio_ui/static/review/draft.js";
import { review, Server } from "./made.mjs";

function opened(answer = "mine") {
  const { content, model } = review();
  const server = new Server(content);
  const asked = [];
  const told = [];
  const page = { ask: async (what) => (asked.push(what), answer), told: (what) => told.push(what), wait_ms: 5 };
  const saver = new Saver(model, server, { transcript: { id: "t", version: 1 }, specs: [], decisions: [] }, page);
  return { model, server, saver, asked, told };
}

const names = (server) => server.calls.map((call) => call[0]);

test("one version for many corrections, and none for what was undone", async () => {
  const { model, server, saver } = opened();
  model.setText(0, "Bad");
  model.setText(1, "morning");
  model.renameSpeaker("S1", "Host");
  assert.equal(saver.state, "unsaved");
  assert.equal(await saver.flush(), true);
  assert.deepEqual(names(server), ["correct"]);
  assert.deepEqual(server.calls[0][1].speakers, { S1: "Host" });
  assert.deepEqual(server.calls[0][1].sentences, []);
  assert.equal(server.words[1].text, "morning");
  assert.equal(saver.version, 2);
  model.setText(2, "or");
  model.undo();
  assert.equal(await saver.flush(), true);
  assert.equal(server.calls.length, 1);
});

test("a merge of speakers and its undo reach the server", async () => {
  const { model, server, saver } = opened();
  model.renameSpeaker("S2", "S1");
  await saver.flush();
  assert.deepEqual([...new Set(server.words.map((word) => word.speaker))], ["S1"]);
  model.undo();
  await saver.flush();
  assert.deepEqual(server.content.sentences.map((one) => one.words[0].speaker), ["S1", "S2", "S1"]);
  assert.deepEqual(server.calls.at(-1)[1].sentences, [{ id: 1, speaker: "S2" }]);
});

test("names that change places do so at once", async () => {
  const { model, server, saver } = opened();
  model.renameSpeaker("S1", "S9");
  model.renameSpeaker("S2", "S1");
  model.renameSpeaker("S9", "S2");
  await saver.flush();
  assert.deepEqual(server.content.sentences.map((one) => one.words[0].speaker), ["S2", "S1", "S2"]);
});

test("clips become edited clips of the server, change by change", async () => {
  const { model, server, saver } = opened();
  const key = model.makeClip(4, 9);
  model.decide("c1", "accepted");
  await saver.flush();
  assert.deepEqual(names(server), ["create", "decide"]);
  model.strike(5, 6);
  await saver.flush();
  assert.deepEqual(server.calls.at(-1), ["change", "s1", { ranges: [{ start_ms: 2000, end_ms: 2460 }, { start_ms: 3500, end_ms: 4900 }] }]);
  model.removeClip(key);
  await saver.flush();
  assert.equal(server.specs.size, 0);
  model.undo();
  await saver.flush();
  assert.equal([...server.specs.values()][0].ranges.length, 2);
  await saver.ensure(["c1"]);
  assert.equal(saver.specs.get("c1").title, "Title c1");
});

test("corrections of two people of different words come together", async () => {
  const { model, server, saver, asked, told } = opened();
  await server.correct("t", { base_version: 1, words: [{ id: 3, text: "hello" }], sentences: [], speakers: {} });
  model.setText(0, "Bad");
  await saver.flush();
  assert.deepEqual([server.words[0].text, server.words[3].text], ["Bad", "hello"]);
  assert.equal(model.words.at(3).text, "hello");
  assert.deepEqual([asked.length, told.length], [0, 1]);
});

for (const [answer, left] of [["mine", "Bad"], ["theirs", "Fine"]]) {
  test(`of the same word, the one that is chosen stays: ${answer}`, async () => {
    const { model, server, saver, asked } = opened(answer);
    await server.correct("t", { base_version: 1, words: [{ id: 0, text: "Fine" }], sentences: [], speakers: {} });
    model.setText(0, "Bad");
    assert.equal(await saver.flush(), true);
    assert.deepEqual(asked[0].clash.map(({ mine, theirs }) => [mine, theirs]), [["Bad", "Fine"]]);
    assert.deepEqual([server.words[0].text, model.words.at(0).text], [left, left]);
  });

  test(`of the same clip, the one that is chosen stays: ${answer}`, async () => {
    const { model, server, saver, asked } = opened(answer);
    const key = model.makeClip(4, 9);
    await saver.flush();
    await server.change("s1", { base_version: 1, title: "Theirs" });
    model.setTitle(key, "Mine");
    await saver.flush();
    assert.deepEqual(asked[0].clash, ["title"]);
    const title = answer === "mine" ? "Mine" : "Theirs";
    assert.deepEqual([server.specs.get("s1").title, model.clips.get(key).title], [title, title]);
  });
}

test("another's title and my ranges are no clash", async () => {
  const { model, server, saver, asked } = opened();
  const key = model.makeClip(4, 9);
  await saver.flush();
  await server.change("s1", { base_version: 1, title: "Theirs" });
  model.trimTo(key, 5, 8);
  await saver.flush();
  assert.equal(asked.length, 0);
  assert.deepEqual([server.specs.get("s1").title, model.clips.get(key).title], ["Theirs", "Theirs"]);
  assert.deepEqual(server.specs.get("s1").ranges, [{ start_ms: 2500, end_ms: 4400 }]);
});

test("without a line nothing is lost, and it is sent once when there is one", async () => {
  const { model, server, saver } = opened();
  server.broken = 0;
  model.setText(0, "Bad");
  const key = model.makeClip(4, 9);
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "offline");
  const kept = new Map();
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (n, v) => kept.set(n, v), removeItem: (n) => kept.delete(n) };
  keepDraft(storage, "job", model, saver);
  const again = opened();
  assert.equal(applyDraft(storage, "job", again.model), true);
  assert.equal(again.model.words.at(0).text, "Bad");
  assert.deepEqual(again.model.clips.get(key).ranges, model.clips.get(key).ranges);
  server.broken = null;
  assert.equal(await saver.flush(), true);
  assert.equal(saver.state, "saved");
  assert.equal(names(server).filter((name) => name === "correct").length, 2);
  keepDraft(storage, "job", model, saver);
  assert.equal(kept.size, 0);
  again.saver.close();
  saver.close();
});

test("what was done on another device comes in, and what waits here is not touched", async () => {
  const { model, server, saver } = opened();
  const key = model.makeClip(4, 9);
  await saver.flush();
  await server.correct("t", { base_version: 1, words: [{ id: 3, text: "hello" }], sentences: [], speakers: {} });
  await server.change("s1", { base_version: 1, title: "Theirs" });
  server.specs.set("s9", { id: "s9", version: 1, title: "New", ranges: [{ start_ms: 0, end_ms: 900 }], render: whole({}), candidate_id: null });
  server.specs.set("s8", { id: "s8", version: 1, title: "Cut", ranges: [{ start_ms: 0, end_ms: 900 }], render: whole({}), candidate_id: "c1" });
  server.decisions.set("c2", "rejected");
  assert.equal(await refresh(saver), true);
  assert.equal(model.words.at(3).text, "hello");
  assert.deepEqual([model.clips.get(key).title, model.clips.get("s9").title, model.clips.get("c1").title], ["Theirs", "New", "Cut"]);
  assert.equal(model.clips.get("c2").decision, "rejected");
  assert.equal(saver.dirty, false, "nothing of it is sent back");
  assert.equal(await refresh(saver), false);
  server.specs.delete("s9");
  await refresh(saver);
  assert.equal(model.clips.has("s9"), false);
  model.setText(0, "Bad");
  assert.equal(await refresh(saver), false);
  saver.close();
});

test("a request that is refused is told, and does not go round in circles", async () => {
  const { model, server, saver } = opened();
  server.broken = 422;
  model.setText(0, "Bad");
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "failed");
  assert.equal(server.calls.length, 1);
  server.broken = null;
  assert.equal(await saver.flush(), true);
});
