// All clips of a job at once: a ZIP, or cut lists for editing programs.

import {api} from '../lib/api.js';
import {h, say} from '../lib/dom.js';
import {button} from '../lib/forms.js';
import {bytes, percent} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {save} from '../lib/saving.js';

const LISTS = [['edl', 'EDL'], ['fcpxml', 'FCPXML'], ['otio', 'OTIO']];

/** The row of buttons. */
export function exportsOf(job, clips, signal) {
  const note = h('span', {class: 'vc-faint', role: 'status'});
  return h('div', {class: 'vc-row'},
    button(t('gallery.zip', {count: clips.length}), async () => {
      const {files} = await api.get(`/jobs/${job.id}/files`, {}, {signal});
      const wanted = new Set(clips.flatMap((clip) => [clip.file, ...Object.values(clip.captions), clip.thumbnail].filter(Boolean)));
      const chosen = files.filter((file) => wanted.has(file.name));
      const whole = chosen.reduce((sum, file) => sum + file.size, 0);
      await save(`/jobs/${job.id}/archive`, `${job.id}.zip`, {
        query: {name: chosen.map((file) => file.name)}, signal,
        told: (done) => say(note, t('gallery.zip.told', {done: bytes(done), share: percent(done, whole)})),
      });
      say(note, '');
    }, {small: true}),
    h('span', {class: 'vc-faint'}, t('gallery.lists')),
    LISTS.map(([kind, text]) => button(text, () => save(`/jobs/${job.id}/timeline`, `${job.id}.${kind}`, {query: {format: kind}, signal}), {small: true, label: t('gallery.list.of', {kind: text})})),
    note);
}
