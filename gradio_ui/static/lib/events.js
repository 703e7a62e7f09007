// What happens to a job, as it happens. A stream that breaks goes on after the last event that arrived.

import {ApiError, problem} from './api.js';
import {boot} from './boot.js';
import {refresh, token} from './session.js';

const LONGEST_MS = 15_000;

/**
 * Follow a job until it is over or the signal ends.
 *   await follow(id, {onEvent: (event) => …, onLink: (connected) => …, after: 0, signal})
 * An event is {id, at_ms, kind, attempt, data}. Gives the id of the last one. Throws what cannot be mended, such as 404.
 */
export async function follow(jobId, {onEvent, onLink = () => {}, after = 0, signal}) {
  let last = after;
  let pause = 500;
  while (!signal?.aborted) {
    try {
      const word = await token();
      const response = await fetch(`${boot.api}/jobs/${jobId}/events`, {
        signal, cache: 'no-store',
        headers: {Accept: 'text/event-stream', ...(word ? {Authorization: `Bearer ${word}`} : {}), ...(last ? {'Last-Event-ID': String(last)} : {})},
      });
      if (response.status === 204) return last;
      if (response.status === 401) await refresh(null, word);
      else if (!response.ok) throw await problem(response);
      else {
        onLink(true);
        for await (const frame of frames(response.body)) {
          pause = 500;
          if (frame.event === 'end') return last;
          if (!frame.id) continue;
          last = Number(frame.id);
          onEvent(JSON.parse(frame.data));
        }
      }
    } catch (error) {
      if (signal?.aborted) return last;
      if (error instanceof ApiError && !error.offline && error.status < 500 && error.status !== 429) throw error;
      onLink(false);
    }
    await wait(pause, signal);
    pause = Math.min(pause * 2, LONGEST_MS);
  }
  return last;
}

async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const frame = {};
      for (const line of text.slice(0, end).split('\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) frame[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, '');
      }
      text = text.slice(end + 2);
      yield frame;
    }
  }
}

const wait = (ms, signal) => new Promise((done) => {
  const end = () => { clearTimeout(timer); window.removeEventListener('online', end); done(); };
  const timer = setTimeout(end, ms);
  window.addEventListener('online', end, {once: true});
  signal?.addEventListener('abort', end, {once: true});
});
