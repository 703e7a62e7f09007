// The whole page is a place to drop files on.

import {h} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {uploads} from '../lib/uploads.js';

/** Take files that are dropped anywhere, until the signal ends. */
export function dropZone(page, signal) {
  const veil = h('div', {class: 'vc-veil', hidden: true}, h('strong', {}, t('library.drop')));
  page.append(veil);
  let depth = 0;
  const brings = (event) => [...(event.dataTransfer?.types || [])].includes('Files');
  const on = (name, run) => document.addEventListener(name, (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    run(event);
    veil.hidden = depth <= 0;
  }, {signal});
  on('dragenter', () => { depth += 1; });
  on('dragleave', () => { depth -= 1; });
  on('dragover', (event) => { event.dataTransfer.dropEffect = 'copy'; });
  on('drop', async (event) => {
    depth = 0;
    // Handles are only good until this function first waits.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = [...event.dataTransfer.files];
    uploads.add(entries.some((entry) => entry.isDirectory) ? (await Promise.all(entries.map(filesOf))).flat() : files);
  });
}

/** All videos and sounds in a folder, and what is below it. */
async function filesOf(entry) {
  if (entry.isFile) return new Promise((done) => { entry.file((file) => done([file]), () => done([])); });
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done) => { reader.readEntries(done, () => done([])); });
    if (!some.length) break;
    found.push(...some);
  }
  const files = (await Promise.all(found.map(filesOf))).flat();
  return files.filter((file) => /^(video|audio)\//.test(file.type) || /\.(mkv|flv|ts|m2ts|mts)$/i.test(file.name));
}
