// Files of a job: pictures for cards, addresses for players.

import {api} from '../lib/api.js';

const address = (job, name) => `/jobs/${job.id}/files/${name.split('/').map(encodeURIComponent).join('/')}`;

/** A small file as an address of this page, such as a picture; the page that is left gives it back. */
export async function pictureOf(job, name, signal) {
  const url = URL.createObjectURL(await api.blob(address(job, name), {signal}));
  signal?.addEventListener('abort', () => URL.revokeObjectURL(url), {once: true});
  return url;
}

/** An address that a player can use for an hour, or a download. */
export const addressOf = async (job, name, inline = true) => (await api.link(`/jobs/${job.id}`, {name, inline})).url;

/** Whether it has sound only. */
export const isSound = (clip) => clip.file.endsWith('.m4a');

export {address};
