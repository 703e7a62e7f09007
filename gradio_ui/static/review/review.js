// The review page: puts its parts together, and says what keys and buttons do.

import {ask, fill, h} from '../lib/dom.js';
import {length} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {empty, explain, loading, Page, stylesheet} from '../lib/page.js';
import {beforeLeaving, link} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toast, toastError} from '../lib/toast.js';
import {Candidates} from './candidates.js';
import {askConflict} from './conflict.js';
import {applyDraft, keepDraft} from './draft.js';
import {Head} from './head.js';
import {Inspector} from './inspector.js';
import {listenToKeys, showHelp} from './keys.js';
import {markCorrected, modelOf} from './load.js';
import {Peaks} from './peaks.js';
import {Player} from './player.js';
import {spanOf} from './ranges.js';
import {assetOf, Remote} from './remote.js';
import {refresh} from './refresh.js';
import {Renders} from './renders.js';
import {Saver} from './saver.js';
import {askSpeaker} from './speakers.js';
import {Stage} from './stage.js';
import {Timeline} from './timeline.js';
import {Transcript} from './transcript.js';
import {showVersions} from './versions.js';

/** How often to look what others did. */
const LOOK_MS = 30_000;
const OVER = new Set(['succeeded', 'partial']);

/** What a page that was left is still saving; the next one waits for it. */
let leaving = Promise.resolve();

export default class Review extends Page {
  static tag = 'vc-page-review';

  async open({job, at}) {
    if (!job) return void fill(this, empty(t('review.nojob'), t('review.nojob.do'), h('a', {class: 'vc-button', href: link('jobs')}, t('page.jobs'))));
    fill(this, loading());
    await leaving;
    this.remote = new Remote(job, this.signal);
    const [told] = await Promise.all([this.remote.open(), stylesheet('style/review.css')]);
    if (!told.transcript && !OVER.has(told.job.state)) {
      return void fill(this, empty(t('review.unfinished'), t('review.unfinished.do'), h('a', {class: 'vc-button', href: link('job', {id: job})}, t('page.job'))));
    }
    this.source = told.job.request.source ?? '';
    const {model, saved} = modelOf(told);
    this.model = model;
    model.locked = !['transcripts:write', 'highlights:write', 'clips:write'].every(may);
    model.on('locked', () => toast(t('review.locked'), {detail: t('review.locked.do')}));
    Object.assign(this.remote, {source: this.source, transcriptId: saved.transcript?.id});
    this._save(job, saved);
    this._build(told, job);
    void this._film(Number(at) || 0);
    if (Number(at) && model.words.length) this.transcript.showPlace(Math.max(0, model.words.placeAt(Number(at))), 'middle');
    void this._brands();
    if (told.transcript?.version > 1) {
      this.remote.transcript(saved.transcript.id, 1).then((first) => markCorrected(model, first)).catch(() => {});
    }
  }

  // ------------------------------------------------------------------ saving

  _save(job, saved) {
    const {model} = this;
    const saver = new Saver(model, this.remote, saved, {
      ask: (conflict) => askConflict(conflict, model),
      told: (what) => toast(t(`review.others.${what.kind}`, {count: what.count ?? 1, title: what.title ?? ''})),
    });
    this.saver = saver;
    if (!model.locked && applyDraft(localStorage, job, model)) toast(t('review.draft'));
    const keep = () => keepDraft(localStorage, job, model, saver);
    let soon = 0;
    const changed = () => {
      clearTimeout(soon);
      soon = setTimeout(keep, 400);
    };
    model.on('clips', changed);
    model.on('words', changed);
    saver.onState((state) => { if (state === 'saved') keep(); });
    window.addEventListener('online', () => void saver.flush(), {signal: this.signal});
    const look = () => { if (!document.hidden) refresh(saver).catch(() => {}); };
    document.addEventListener('visibilitychange', look, {signal: this.signal});
    const clock = setInterval(look, LOOK_MS);
    this.signal.addEventListener('abort', () => clearInterval(clock));
    window.addEventListener('beforeunload', (event) => {
      if (!saver.dirty) return;
      keep();
      void saver.flush();
      event.preventDefault();
    }, {signal: this.signal});
    beforeLeaving(async () => await saver.flush() || await ask(t('review.leave'), t('review.leave.do'),
      [{text: t('review.leave.stay'), value: false, kind: 'main'}, {text: t('review.leave.go'), value: true}]) === true);
    this.signal.addEventListener('abort', () => {
      clearTimeout(soon);
      keep();
      leaving = saver.flush().then(() => { keep(); saver.close(); });
    });
  }

  // ------------------------------------------------------------------ parts

  _build({job, transcript}, id) {
    const {model, signal} = this;
    const seek = (ms) => this.player.seek(ms);
    const name = transcript?.name || job.request.source?.split('/').pop() || t('page.review');
    this.title(name);
    this.acts = this._acts();
    this.transcript = new Transcript(model, {seek, signal});
    this.timeline = new Timeline(model, {seek, frame_ms: 40, signal});
    this.candidates = new Candidates(model, {play: (key) => this._play(key), look: (key) => this._look(key), signal});
    this.inspector = new Inspector(model, {video: null, signal});
    this.renders = new Renders(this.remote, signal);
    this.stage = new Stage(model, {video: true, shape: null});
    this.player = new Player(this.stage.video, {link: () => this.remote.film(this.source), duration_ms: model.words.duration_ms, onFault: (error) => this._fault(error)});
    this.stage.connect(this.player, this.acts);
    this.head = new Head(model, this.saver, {name, language: transcript?.language ?? '–', job: id, acts: this.acts, signal});
    this.player.onChange((player) => {
      this.transcript.setTime(player.ms, player.playing);
      this.timeline.setTime(player.ms, player.playing);
    });
    const shown = () => this.player.setShown(model.activeClip?.ranges ?? null);
    model.on('active', shown);
    model.on('clips', shown);
    fill(this, this.head.element, h('div', {class: 'rv-top'}, this.stage.element, this.transcript.element), this.timeline.element,
      h('div', {class: 'rv-bottom'}, this.candidates.element, h('div', {class: 'rv-side'}, this.inspector.element, this.renders.element)));
    this.classList.add('rv');
    this.renders.resume();
    listenToKeys(this.acts, {signal, words: this.transcript.scroller});
    signal.addEventListener('abort', () => [this.transcript, this.timeline, this.player].forEach((part) => part.close()));
  }

  /** The picture, its sound drawn, its shots: each comes when it is ready, and nothing waits for it. */
  async _film(at_ms) {
    const id = assetOf(this.source);
    const part = (work) => work.catch((error) => { if (!this.signal.aborted && error.status >= 500) toastError(error); });
    try {
      const address = await this.remote.film(this.source);
      if (!address) return void this.stage.tell(t('review.player.elsewhere', {source: this.source}));
      await this.player.open(at_ms);
    } catch (error) {
      if (!this.signal.aborted) this._fault(error);
    }
    if (!id) return;
    await part(this.remote.asset(id).then(({media}) => {
      this.inspector.video = media.video;
      this.inspector.draw();
      if (media.video) {
        const [top, bottom] = media.video.frame_rate.split('/').map(Number);
        this.player.frame_ms = this.timeline.frame_ms = (1000 * bottom) / top || 40;
        this.stage.shape = media.video.display_width / media.video.display_height;
        this.stage.draw();
        void part(this.remote.view(id, 'shots').then(({boundaries, keyframes_ms}) => {
          this.timeline.setCuts(boundaries.map((one) => one.at_ms));
          this.inspector.setKeyframes(keyframes_ms);
        }));
      }
      if (media.audio) void part(this.remote.view(id, 'waveform').then((waveform) => this.timeline.setPeaks(new Peaks(waveform))));
    }));
  }

  async _brands() {
    try {
      this.inspector.setPresets(await this.remote.presets());
    } catch {
      // Who may not see them works without.
    }
  }

  _fault(error) {
    const told = error instanceof Error ? explain(error) : {title: t('review.player.fault'), detail: t('review.player.fault.do')};
    this.stage.tell([told.title, told.detail].filter(Boolean).join('. '));
  }

  // ------------------------------------------------------------------ what can be done

  _look(key) {
    const {start_ms, end_ms} = spanOf(this.model.clips.get(key).ranges);
    const places = this.model.words.placesIn(start_ms, end_ms);
    if (places) this.transcript.showPlace(places[0], 'middle');
    if (this.player.clip) this._play(key);
    else if (!this.player.playing) this.player.seek(start_ms);
  }

  _play(key) {
    this.model.activate(key);
    void this.player.playClip(this.model.clips.get(key).ranges);
  }

  /** Set an edge of the active clip where the player is; without one, two marks make a clip. */
  _mark(edge) {
    const {model, player} = this;
    const at = player.ms;
    if (model.activeClip) return void model.trim(model.active, edge, at);
    if (edge === 'in' || model.mark === null || at <= model.mark) {
      model.mark = at;
      return void toast(t('review.mark', {time: length(at, {tenths: true})}));
    }
    const ranges = [{start_ms: model.mark, end_ms: at}];
    const places = model.words.placesIn(model.mark, at);
    model.mark = null;
    model.makeClipOf(ranges, places ? model.words.textOf(...places) : '');
  }

  async _render() {
    const clips = this.model.accepted;
    if (!clips.length || this.head.busy || this.model.locked) return;
    this.head.busy = true;
    this.head.draw();
    try {
      if (await this.saver.ensure(clips.map((clip) => clip.key))) {
        await this.renders.start(clips.filter((clip) => this.saver.specs.has(clip.key)), this.saver.specs);
        this.renders.element.scrollIntoView({block: 'nearest', behavior: 'smooth'});
      } else toast(t('review.render.unsaved'), {kind: 'bad', detail: explain(this.saver.error).title});
    } catch (error) {
      toastError(error);
    } finally {
      this.head.busy = false;
      this.head.draw();
    }
  }

  _acts() {
    const {model} = this;
    const words = () => this.transcript;
    const told = (key, label) => { if (label) toast(t(key, {what: t(`review.did.${label}`)})); };
    return {
      toggle: () => this.player.toggle(), stop: () => this.player.stop(), shuttle: (way) => this.player.shuttle(way), frame: (way) => this.player.step(way),
      mark: (edge) => this._mark(edge), zoom: (factor) => this.timeline.zoom(factor),
      nudge: (edge, way) => { if (model.activeClip) model.nudge(model.active, edge, way); },
      step: (by) => this.candidates.step(by), decide: (decision) => this.candidates.decide(decision),
      playClip: () => { if (model.activeClip) this._play(model.active); },
      trim: () => words().trimClip(), edit: () => words().edit(), strike: () => words().strike(),
      speaker: () => { if (model.words.length) askSpeaker(model, {row: model.words.at(model.cursor).row}); },
      move: (by, extend) => words().move(Math.max(-model.words.length, Math.min(by, model.words.length)), extend),
      moveRow: (by, extend) => words().moveRow(by, extend), find: () => words().find(),
      enter: (inWords) => {
        if (model.selection) words().makeClip();
        else if (inWords && model.words.length) this.player.seek(model.words.at(model.cursor).start_ms);
        else if (model.activeClip) this._play(model.active);
        else return false;
        return true;
      },
      escape: () => (model.selection ? model.select(null) : model.activate(null)),
      undo: () => told('review.undone', model.undo()), redo: () => told('review.redone', model.redo()),
      save: () => void this.saver.flush(), render: () => void this._render(), help: showHelp,
      versions: () => void showVersions(model, this.remote, this.saver),
    };
  }
}
