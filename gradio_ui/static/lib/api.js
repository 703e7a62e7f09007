// The public API: JSON in and out, errors as `ApiError`, short absences of the server bridged.

import {boot} from './boot.js';
import {ApiError, refresh, token} from './session.js';

export {ApiError} from './session.js';

const PAUSES_MS = [300, 900, 2500];
const AWAY = new Set([502, 503, 504]);

const sleep = (ms, signal) => new Promise((done, fail) => {
  const stop = () => { clearTimeout(timer); fail(signal.reason); };
  const timer = setTimeout(() => { signal?.removeEventListener('abort', stop); done(); }, ms);
  signal?.addEventListener('abort', stop, {once: true});
});

/** A path below the API with its query; empty values are left out. */
export function address(path, query = {}) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null && one !== '') words.append(name, one);
  }
  const tail = words.toString();
  return `${path.startsWith('http') ? '' : path.startsWith(boot.api) ? '' : boot.api}${path}${tail ? `?${tail}` : ''}`;
}

/**
 * Send a request as who is signed in; gives the Response.
 * Requests that may be repeated (GET, PUT, DELETE, or with `again: true`) are, when the server is away for a moment.
 */
export async function request(method, path, {query, json, body, headers = {}, signal, again} = {}) {
  const repeat = again ?? ['GET', 'HEAD', 'PUT', 'DELETE'].includes(method);
  let renewed = false;
  for (let tries = 0; ; tries += 1) {
    const word = await token();
    let response = null;
    try {
      response = await fetch(address(path, query), {
        method, signal, cache: 'no-store',
        headers: {
          ...(word ? {Authorization: `Bearer ${word}`} : {}),
          ...(json === undefined ? {} : {'Content-Type': 'application/json'}),
          ...headers,
        },
        body: json === undefined ? body : JSON.stringify(json),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
    }
    if (response?.ok) return response;
    if (response?.status === 401 && word && !renewed) {
      renewed = true;
      await refresh(null, word);
      continue;
    }
    const away = !response || AWAY.has(response.status);
    if (away && repeat && tries < PAUSES_MS.length) {
      const asked = Number(response?.headers.get('Retry-After')) * 1000;
      await sleep(Math.min(asked || 0, 5000) || PAUSES_MS[tries] * (0.75 + Math.random() / 2), signal);
      continue;
    }
    if (!response) throw new ApiError(0, {code: 'offline'}, {offline: true});
    throw await problem(response);
  }
}

/** The error in an answer. */
export async function problem(response) {
  const told = await response.json().catch(() => ({}));
  return new ApiError(response.status, told && typeof told === 'object' ? told : {});
}

const json = async (response) => (response.status === 204 ? null : response.json());

/** Short ways; each gives the answer's JSON, or null where there is none. */
export const api = {
  get: async (path, query, options = {}) => json(await request('GET', path, {...options, query})),
  post: async (path, body, options = {}) => json(await request('POST', path, {...options, json: body})),
  put: async (path, body, options = {}) => json(await request('PUT', path, {...options, json: body})),
  patch: async (path, body, options = {}) => json(await request('PATCH', path, {...options, json: body})),
  delete: async (path, options = {}) => json(await request('DELETE', path, options)),

  /** Something that must be done once: asked again after a break it is the same. Gives the answer's JSON. */
  once: async (path, body, key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, options = {}) => json(
    await request('POST', path, {...options, json: body, again: true, headers: {'Idempotency-Key': key}})),

  /** All entries of a list that comes in pages: for await (const job of api.each('/jobs', 'jobs')) */
  async *each(path, name, query = {}, options = {}) {
    let cursor;
    do {
      const page = await api.get(path, {...query, cursor}, options);
      yield* page[name];
      cursor = page.next_cursor;
    } while (cursor);
  },

  /** A file as a Blob; one that is being made (202) is asked for again until it is there or `patience` ends. */
  async blob(path, {query, signal, patience = 60_000} = {}) {
    const end = Date.now() + patience;
    for (;;) {
      const response = await request('GET', path, {query, signal});
      if (response.status !== 202) return response.blob();
      if (Date.now() > end) throw new ApiError(202, {code: 'making', title: 'making'});
      await sleep(Math.max(1, Number(response.headers.get('Retry-After')) || 2) * 1000, signal);
    }
  },

  /** An address that a player or a link may use for an hour: /assets/ID/link and the like. */
  async link(path, query = {}, options = {}) {
    return (await request('POST', `${path}/link`, {...options, query, again: true})).json();
  },
};
