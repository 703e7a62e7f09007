// All uploads of this window: they go on while one moves between pages, and are known again after a reload.

import {api} from './api.js';
import {recall, remember} from './store.js';
import {may, onSession, who} from './session.js';
import {begin, forget, idOf, send, urlOf} from './tus.js';

const AT_ONCE = 2;
const WINDOW_MS = 8000;
const KEY = 'uploads';
const ASK_MS = 1000;
const MOST = 50;

/**
 * One file on its way. `state`: waiting, sending, paused, away (no network), checking (the server looks at it),
 * lost (begun earlier: the file must be chosen again), done (and off the list), refused.
 */
class Upload {
  constructor({name, size, modified = 0, url = '', file = null, state = 'waiting', sent = 0}) {
    Object.assign(this, {name, size, modified, url, file, state, sent, error: null, asset: null, id: crypto.randomUUID?.() ?? String(Math.random())});
    this.marks = [];
  }

  get active() { return ['waiting', 'sending', 'away', 'checking'].includes(this.state); }

  /** Bytes in a second, over the last seconds; 0: not known yet. */
  get rate() {
    const [first] = this.marks;
    const last = this.marks[this.marks.length - 1];
    return last && last.at > first.at + 500 ? Math.max(0, (last.sent - first.sent) / (last.at - first.at) * 1000) : 0;
  }

  /** How long it takes still, ms; null: not known. */
  get left() { return this.rate > 0 ? (this.size - this.sent) / this.rate * 1000 : null; }

  mark(sent) {
    const now = performance.now();
    this.sent = sent;
    this.marks.push({at: now, sent});
    while (this.marks.length > 2 && this.marks[0].at < now - WINDOW_MS) this.marks.shift();
  }
}

class Uploads extends EventTarget {
  list = [];
  #told = false;

  constructor() {
    super();
    onSession(() => this.#restore());
    window.addEventListener('beforeunload', (event) => {
      if (this.list.some((one) => ['sending', 'away', 'waiting'].includes(one.state))) event.preventDefault();
    });
  }

  /** Take files in; one that was begun earlier goes on where it was. */
  add(files) {
    for (const file of files) {
      const known = this.list.find((one) => one.name === file.name && one.size === file.size
        && (!one.modified || one.modified === file.lastModified) && one.state !== 'done' && one.state !== 'refused');
      if (known) {
        if (!known.file) Object.assign(known, {file, state: 'waiting'});
        else if (known.state === 'paused') known.state = 'waiting';
      } else {
        this.list.push(new Upload({name: file.name, size: file.size, modified: file.lastModified, file}));
      }
    }
    this.#changed();
    this.#next();
  }

  /** Stop for a while; what arrived stays. */
  pause(upload) {
    upload.state = 'paused';
    upload.stop?.abort(new DOMException('paused', 'AbortError'));
    this.#changed();
    this.#next();
  }

  /** Go on. */
  resume(upload) {
    if (!upload.file) return;
    Object.assign(upload, {state: 'waiting', error: null, marks: []});
    this.#changed();
    this.#next();
  }

  /** Take one off the list; what arrived of an unfinished one is forgotten. */
  async remove(upload) {
    upload.stop?.abort(new DOMException('removed', 'AbortError'));
    this.#drop(upload);
    this.#changed();
    this.#next();
    if (upload.url && upload.state !== 'done') await forget(upload.url).catch(() => {});
  }

  #drop(upload) {
    this.list = this.list.filter((one) => one !== upload);
    if (upload.url) this.#remember({[upload.url]: undefined});
  }

  /** All that is on its way together: {active, sent, size, left_ms}. */
  overall() {
    const ours = this.list.filter((one) => one.active);
    const sum = (key) => ours.reduce((total, one) => total + one[key], 0);
    const [sent, size, rate] = [sum('sent'), sum('size'), sum('rate')];
    return {active: ours.length, sent, size, rate, left_ms: rate > 0 ? (size - sent) / rate * 1000 : null};
  }

  #restore() {
    const owner = who() && `${who().user.id} ${who().workspace_id}`;
    if (owner === this.owner) return;
    for (const one of this.list) one.stop?.abort(new DOMException('signed out', 'AbortError'));
    this.owner = owner;
    this.list = [];
    this.#changed();
    if (owner) this.#findUnfinished(owner).catch(() => {}); // without it one can do everything else
  }

  /** What was begun here before, or on another device, and is not being sent by another tab now. */
  async #findUnfinished(owner) {
    const known = recall(KEY, {})[owner] || {};
    const elsewhere = new Map();
    if (may('uploads:read')) {
      for (const {id, name, size, offset, state, concat} of (await api.get('/uploads', {limit: MOST})).uploads) {
        if (state === 'open' && !concat) elsewhere.set(id, {name, size, sent: offset});
      }
    }
    const taken = new Set(((await navigator.locks?.query())?.held || []).map((lock) => lock.name));
    if (owner !== this.owner) return;
    for (const [id, told] of elsewhere) {
      const url = Object.keys(known).find((one) => idOf(one) === id) || urlOf(id);
      if (taken.has(lockOf(url)) || this.list.some((one) => one.url === url)) continue;
      this.list.push(new Upload({...known[url], ...told, url, state: 'lost'}));
    }
    // What the server no longer has is of no use here either.
    const gone = Object.keys(known).filter((url) => may('uploads:read') && !elsewhere.has(idOf(url)) && !taken.has(lockOf(url)));
    this.#remember(Object.fromEntries(gone.map((url) => [url, undefined])));
    this.#changed();
  }

  /** Other tabs keep theirs in the same place: only these entries are changed. */
  #remember(entries) {
    const all = recall(KEY, {});
    const ours = {...all[this.owner], ...entries};
    remember(KEY, {...all, [this.owner]: ours});
  }

  #next() {
    const running = this.list.filter((one) => ['sending', 'away', 'checking'].includes(one.state)).length;
    for (const upload of this.list.filter((one) => one.state === 'waiting').slice(0, Math.max(0, AT_ONCE - running))) this.#run(upload);
  }

  async #run(upload) {
    upload.stop = new AbortController();
    upload.state = 'sending';
    const {signal} = upload.stop;
    this.#changed();
    try {
      upload.url ||= await begin(upload.file, signal);
      this.#changed();
      await locked(lockOf(upload.url), () => send(upload.file, upload.url, {
        signal,
        onProgress: (sent) => { upload.mark(sent); this.#moved(); },
        onLink: (connected) => {
          upload.state = connected ? 'sending' : 'away';
          if (!connected) upload.marks = [];
          this.#changed();
        },
      }));
      upload.state = 'checking';
      this.#changed();
      await this.#finish(upload, signal);
    } catch (error) {
      if (signal.aborted) return;
      if ((error.status === 404 || error.status === 410) && upload.file) {
        // It expired on the server: begun anew.
        this.#remember({[upload.url]: undefined});
        Object.assign(upload, {url: '', sent: 0, marks: [], state: upload.begunAnew ? 'refused' : 'waiting', begunAnew: true, error});
      } else {
        Object.assign(upload, {state: 'refused', error});
      }
    }
    this.#changed();
    this.#next();
  }

  async #finish(upload, signal) {
    for (;;) {
      const {state, asset_id: asset, error} = await look(upload, signal);
      if (state === 'finished') {
        Object.assign(upload, {state: 'done', asset, sent: upload.size});
        this.#drop(upload); // the library has it now
        this.dispatchEvent(new CustomEvent('asset', {detail: upload}));
        return;
      }
      if (state === 'refused') {
        Object.assign(upload, {state: 'refused', error: {code: error?.code, title: error?.cause, detail: error?.remedy}});
        return;
      }
      await new Promise((done) => { setTimeout(done, ASK_MS); });
    }
  }

  // Many times a second while bytes go out: shown at most once in a frame.
  #moved() {
    if (this.#told) return;
    this.#told = true;
    setTimeout(() => { this.#told = false; this.dispatchEvent(new Event('change')); }, 200);
  }

  #changed() {
    if (this.owner) {
      this.#remember(Object.fromEntries(this.list.filter((one) => one.url).map((one) => [one.url, one.state === 'refused' ? undefined
        : {name: one.name, size: one.size, modified: one.modified, sent: one.sent}])));
    }
    this.dispatchEvent(new Event('change'));
  }
}

const lockOf = (url) => `vc-upload ${idOf(url)}`;

/** While it works, other tabs can see that the upload is in hands. Browsers know locks only on safe origins. */
function locked(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}

/** How the server sees an upload; {} while it is away, for its bytes are safe there. */
async function look(upload, signal) {
  try {
    return await api.get(`/uploads/${idOf(upload.url)}`, {}, {signal});
  } catch (error) {
    if (error.offline || error.status >= 500 || error.status === 429) return {};
    throw error;
  }
}

/** The uploads of this window. Events: "change"; "asset" when one has become an asset. */
export const uploads = new Uploads();
