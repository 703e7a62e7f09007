// One file to the server by the tus 1.0 protocol: begun once, gone on with after any break, from the byte that is safe.

import {ApiError, address, problem, request} from './api.js';
import {refresh, token} from './session.js';
import {boot} from './boot.js';

const VERSION = {'Tus-Resumable': '1.0.0'};
const CHUNK = 16 * 1024 * 1024;
const LONGEST_MS = 15_000;
const FOR_GOOD = new Set([400, 403, 404, 410, 413, 415, 422]);

const base64 = (text) => {
  const raw = new TextEncoder().encode(text);
  let word = '';
  for (const byte of raw) word += String.fromCharCode(byte);
  return btoa(word);
};

/** Announce a file; gives the address that its bytes go to. */
export async function begin(file, signal) {
  const response = await request('POST', '/uploads', {
    signal,
    headers: {...VERSION, 'Upload-Length': String(file.size), 'Upload-Metadata': `filename ${base64(file.name)}`},
  });
  return new URL(response.headers.get('Location'), location.href).href;
}

/** Forget an upload and what arrived of it. */
export async function forget(url) {
  await request('DELETE', url, {headers: VERSION});
}

/**
 * Send a file until it is whole; gives the id of the upload when the server has all bytes.
 * `onProgress(bytes)` is told how many are there; `onLink(connected)` when the way breaks and when it is back.
 * A server that is away, a network that is lost: it waits and goes on. Throws what cannot be mended.
 */
export async function send(file, url, {signal, onProgress, onLink}) {
  let offset = null;
  let pause = 500;
  for (;;) {
    try {
      if (offset === null) offset = await offsetOf(url, signal);
      onLink(true);
      onProgress(offset);
      while (offset < file.size) {
        offset = await put(url, file.slice(offset, offset + CHUNK), offset, {signal, onProgress});
        pause = 500;
        onProgress(offset);
      }
      return idOf(url);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ApiError && FOR_GOOD.has(error.status)) throw error;
      if (error.status === 401) await refresh();
      offset = null; // what is safe there is asked for anew
      if (error.offline || !error.status) onLink(false);
      await wait(pause, signal);
      pause = Math.min(pause * 2, LONGEST_MS);
    }
  }
}

/** The id in an upload's address. */
export const idOf = (url) => new URL(url, location.href).pathname.split('/').pop();

/** How the server names an upload here, where only its id is known. */
export const urlOf = (id) => new URL(`${boot.api}/uploads/${id}`, location.href).href;

async function offsetOf(url, signal) {
  const response = await request('HEAD', url, {signal, headers: VERSION});
  return Number(response.headers.get('Upload-Offset'));
}

// fetch() tells nothing of bytes that go out; XMLHttpRequest does.
async function put(url, blob, offset, {signal, onProgress}) {
  const word = await token();
  return new Promise((done, fail) => {
    const call = new XMLHttpRequest();
    const stop = () => call.abort();
    const end = (act, value) => { signal.removeEventListener('abort', stop); act(value); };
    signal.addEventListener('abort', stop, {once: true});
    call.open('PATCH', address(url));
    const headers = {...VERSION, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream', ...(word ? {Authorization: `Bearer ${word}`} : {})};
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => onProgress(offset + event.loaded);
    call.onabort = () => end(fail, signal.reason);
    call.onerror = () => end(fail, new ApiError(0, {code: 'offline'}, {offline: true}));
    call.onload = async () => {
      if (call.status === 204 || call.status === 200) end(done, Number(call.getResponseHeader('Upload-Offset')));
      else end(fail, await problem(new Response(call.responseText, {status: Math.max(200, call.status)})));
    };
    call.send(blob);
  });
}

const wait = (ms, signal) => new Promise((done) => {
  const end = () => { clearTimeout(timer); window.removeEventListener('online', end); done(); };
  const timer = setTimeout(end, ms);
  window.addEventListener('online', end, {once: true});
  signal.addEventListener('abort', end, {once: true});
});
