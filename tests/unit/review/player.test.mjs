// Playing a clip from its source: what is jumped, in which order, where it ends. The film is a clock.

import assert from "node:assert/strict";
import test from "node:test";
import { Player } from "../../../gradio_ui/static/review/player.js";

const r = (...pairs) => pairs.map(([start_ms, end_ms]) => ({ start_ms, end_ms }));

/** A video element whose time goes on when the test says so. */
class Film extends EventTarget {
  currentTime = 0;
  paused = true;
  ended = false;
  seeking = false;
  playbackRate = 1;
  src = "";

  play() {
    this.paused = false;
    return Promise.resolve();
  }

  pause() {
    this.paused = true;
  }

  /** Play in steps of 10 ms; gives the moments that were seen. */
  run(ms) {
    const seen = [];
    for (let gone = 0; gone < ms && !this.paused; gone += 10) {
      seen.push(Math.round(this.currentTime * 1000));
      this.currentTime += (this.playbackRate * 10) / 1000;
      this.dispatchEvent(new Event("timeupdate"));
    }
    return seen;
  }
}

function opened() {
  globalThis.requestAnimationFrame = () => 0;
  globalThis.cancelAnimationFrame = () => {};
  const film = new Film();
  return { film, player: new Player(film, { link: async () => "", duration_ms: 10_000, rate: "25/1" }) };
}

const within = (seen, from, to) => seen.filter((ms) => from <= ms && ms < to).length;

test("a clip plays its pieces in their order and ends by itself", () => {
  const { film, player } = opened();
  player.playClip(r([2000, 2300], [500, 800]));
  const seen = film.run(5000);
  assert.equal(within(seen, 0, 500) + within(seen, 820, 2000) + within(seen, 2320, 10_000), 0);
  assert.ok(seen.indexOf(2100) < seen.findIndex((ms) => ms >= 500 && ms < 800));
  assert.equal(film.paused, true);
  assert.equal(player.ms, 799);
  assert.equal(player.clip, null);
});

test("what was struck out is jumped while the source plays, and seen when one goes there", () => {
  const { film, player } = opened();
  player.setShown(r([1000, 1200], [1600, 2000]));
  player.seek(1000);
  player.play();
  const seen = film.run(800);
  assert.equal(within(seen, 1200, 1600), 0);
  assert.ok(seen.at(-1) > 1700);
  player.stop();
  player.seek(1400);
  assert.equal(player.ms, 1400);
});

test("a clip that is trimmed while it plays plays on as it is now; elsewhere it is the source that plays", () => {
  const { film, player } = opened();
  player.playClip(r([1000, 3000]));
  film.run(200);
  player.setShown(r([1000, 1500]));
  film.run(1000);
  assert.equal(film.paused, true);
  assert.equal(player.ms, 1499);
  player.playClip(r([1000, 3000]));
  player.seek(5000);
  assert.equal(player.clip, null);
  film.run(500);
  assert.ok(player.ms > 5400);
});

test("the shuttle gets faster, turns round and stops; frames are gone through one by one", () => {
  const { film, player } = opened();
  player.shuttle(1);
  player.shuttle(1);
  assert.equal(film.playbackRate, 1.5);
  player.shuttle(-1);
  assert.deepEqual([film.paused, player.back], [true, 1]);
  player.shuttle(-1);
  assert.equal(player.back, 1.5);
  player.shuttle(1);
  assert.deepEqual([film.paused, player.back, film.playbackRate], [false, 0, 1]);
  player.stop();
  player.seek(1000);
  player.step(1);
  assert.equal(player.ms, 1060, "the middle of frame 26");
  player.step(-1);
  player.step(-1);
  assert.equal(player.ms, 980);
});
