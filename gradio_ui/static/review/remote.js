// The server's part of a review: everything that is read and written goes through here.

import {api, request} from '../lib/api.js';
import {changeOf} from './diff.js';

export class Remote {
  /** @param {string} job id @param {AbortSignal} signal ends what is asked when the page is left. */
  constructor(job, signal) {
    this.job = job;
    this.options = {signal};
  }

  // ------------------------------------------------------------------ reading

  /** What the page needs before it shows anything: job, transcript (null: nothing was said), highlights, edited clips. */
  async open() {
    const none = (error) => {
      if (error.status === 404) return null;
      throw error;
    };
    const job = api.get(`/jobs/${this.job}`, {}, this.options);
    const [told, transcript, highlights, specs] = await Promise.all([
      job, api.get(`/jobs/${this.job}/transcript`, {}, this.options).catch(none),
      api.get(`/jobs/${this.job}/highlights`, {}, this.options).catch(none), this._specs(),
    ]);
    const asset = transcript ? null : assetOf(told.request.source);
    const duration_ms = asset ? (await this.asset(asset)).duration_ms : 0;
    return {job: told, transcript, highlights: highlights?.highlights ?? [], specs, duration_ms};
  }

  async _specs() {
    const all = [];
    for await (const spec of api.each('/clip-specs', 'clips', {job: this.job, limit: 200}, this.options)) all.push(spec);
    return all;
  }

  asset(id) {
    return api.get(`/assets/${id}`, {}, this.options);
  }

  /** An address of the source that a player can use; null: it is not in the library. */
  async film(source) {
    const asset = assetOf(source);
    if (asset) return (await api.link(`/assets/${asset}`, {life_s: 6 * 3600, inline: true}, this.options)).url;
    const file = /^job:([0-9a-f-]{36})\/(.+)$/.exec(source);
    if (file) return (await api.link(`/jobs/${file[1]}`, {name: file[2], life_s: 6 * 3600, inline: true}, this.options)).url;
    return null;
  }

  /** A view of an asset that is JSON (waveform, shots); it may take long to be made. */
  async view(asset, name) {
    const blob = await api.blob(`/assets/${asset}/${name}`, {...this.options, patience: 30 * 60_000});
    return JSON.parse(await blob.text());
  }

  async presets() {
    const all = [];
    for await (const preset of api.each('/presets', 'presets', {limit: 200}, this.options)) all.push(preset);
    return all;
  }

  /** What others may have changed: the transcript's version, edited clips, decisions. */
  async newest(transcript) {
    const [versions, specs, told] = await Promise.all([
      transcript ? this.versions(transcript) : [], this._specs(), api.get(`/jobs/${this.job}/highlights`, {}, this.options).catch(() => ({highlights: []})),
    ]);
    return {version: versions[0]?.version ?? 0, specs, decisions: told.highlights.map(({candidate, decision}) => [candidate.id, decision])};
  }

  async versions(id) {
    return (await api.get(`/transcripts/${id}/versions`, {}, this.options)).versions;
  }

  transcript(id, version) {
    return api.get(`/transcripts/${id}`, {version}, this.options);
  }

  spec(id) {
    return api.get(`/clip-specs/${id}`, {}, this.options);
  }

  // ------------------------------------------------------------------ writing; it is ended by nothing

  correct(id, body) {
    return api.post(`/transcripts/${id}/corrections`, body);
  }

  /**
   * Have the server know a clip. An answer that was lost leaves one that nobody knows: it is taken rather than made twice.
   * @param {(spec: object) => boolean} isStranger
   */
  async create(clip, isStranger) {
    const known = this._tried?.has(clip.key)
      ? (await this._specs()).find((spec) => isStranger(spec) && (spec.candidate_id ?? null) === (clip.candidate?.id ?? null)) : null;
    (this._tried ??= new Set()).add(clip.key);
    let spec = known;
    if (!spec && clip.candidate) spec = await api.post(`/jobs/${this.job}/highlights/${clip.candidate.id}/clip-spec`, undefined);
    spec ??= await api.post('/clip-specs', {
      source: this.source, title: clip.title, ranges: clip.ranges, render: clip.render, transcript_id: this.transcriptId ?? null, job_id: this.job,
    });
    const change = changeOf(clip, spec);
    return change ? this.change(spec.id, {base_version: spec.version, ...change}) : spec;
  }

  change(id, body) {
    return api.patch(`/clip-specs/${id}`, body);
  }

  forget(id) {
    return api.delete(`/clip-specs/${id}`);
  }

  decide(candidate, decision) {
    return api.put(`/jobs/${this.job}/highlights/${encodeURIComponent(candidate)}`, {decision});
  }

  /** Ask for a file of an edited clip; the same version asked for again is the same job. Gives the job's id. */
  async render(spec) {
    const response = await request('POST', `/clip-specs/${spec}/render`, {again: true});
    return (await response.json()).job_id;
  }
}

/** The asset's id in a reference such as asset:ID; null: it is none. */
export function assetOf(source) {
  return /^asset:([0-9a-f-]{36})$/.exec(source ?? '')?.[1] ?? null;
}
