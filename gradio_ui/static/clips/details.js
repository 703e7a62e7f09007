// All about a clip: player, why it was picked, the proof sheet, texts for platforms, files, links to give away.

import {fill, h} from '../lib/dom.js';
import {button, copyButton, table} from '../lib/forms.js';
import {length, number} from '../lib/format.js';
import {t, tCode} from '../lib/i18n.js';
import {loading} from '../lib/page.js';
import {toastError} from '../lib/toast.js';
import {proofBadge} from './card.js';
import {addressOf, isSound} from './files.js';
import {shares} from './shares.js';
import {siblings} from './siblings.js';

/** The panel. */
export function details(job, clip, {signal, compare, close}) {
  const title = clip.title || clip.file;
  const frame = h('div', {class: 'vc-player'}, loading());
  addressOf(job, clip.file).then((url) => fill(frame, h(isSound(clip) ? 'audio' : 'video', {src: url, controls: true, playsinline: true, preload: 'metadata', 'aria-label': title})), (error) => { fill(frame); toastError(error); });
  return h('article', {class: 'vc-panel vc-clip', tabindex: '-1', 'aria-label': title},
    h('div', {class: 'vc-row'}, h('h2', {}, title), h('span', {class: 'vc-space'}), proofBadge(clip),
      h('button', {type: 'button', class: 'vc-icon', 'aria-label': t('close'), onclick: close}, '×')),
    h('div', {class: 'vc-clip-parts'}, frame, h('div', {class: 'vc-stack'}, why(clip), files(job, clip), others(job, clip, compare, signal))),
    proof(clip), posts(clip), shares(job, clip, signal));
}

function why(clip) {
  const facts = [
    [t('gallery.at'), clip.ranges.map((one) => `${length(one.start_ms)}–${length(one.end_ms)}`).join(', ')],
    [t('gallery.length'), length(clip.duration_ms, {tenths: true})],
    [t('gallery.score'), clip.score == null ? '' : [number(clip.score, 2), ...Object.entries(clip.scores).map(([name, value]) => `${tCode('gallery.score', name, name)} ${number(value, 2)}`)].join(' · ')],
    [t('gallery.reason'), clip.reason], [t('gallery.quote'), clip.quote], [t('gallery.hook'), clip.hook], [t('gallery.product'), clip.product],
    [t('gallery.mode'), t(`gallery.mode.${clip.mode}`)],
  ].filter(([, text]) => text);
  return h('dl', {class: 'vc-facts'}, facts.map(([name, text]) => [h('dt', {}, name), h('dd', {}, text)]));
}

function files(job, clip) {
  const names = [[t('gallery.download'), clip.file], ...Object.entries(clip.captions).map(([kind, name]) => [kind.toUpperCase(), name]), clip.thumbnail && [t('gallery.still'), clip.thumbnail]].filter(Boolean);
  return h('div', {class: 'vc-row'}, names.map(([text, name], at) => button(text, async () => {
    h('a', {href: await addressOf(job, name, false), download: ''}).click();
  }, {small: at > 0, kind: at ? '' : 'main'})));
}

function others(job, clip, compare, signal) {
  const list = h('div', {class: 'vc-stack'});
  return h('details', {ontoggle: async (event) => {
    if (!event.target.open || list.firstChild) return;
    fill(list, loading());
    try {
      const found = await siblings(job, clip, signal);
      fill(list, found.length ? h('ul', {class: 'vc-plain'}, found.map((one) => h('li', {class: 'vc-row'}, h('span', {}, styleOf(one)),
        button(t('gallery.compare'), () => compare([{job, clip}, one]), {small: true, label: t('gallery.compare.with', {name: styleOf(one)})}))))
        : h('p', {class: 'vc-faint'}, t('gallery.others.none')));
    } catch (error) {
      fill(list);
      toastError(error);
    }
  }}, h('summary', {}, t('gallery.others')), list);
}

/** How a clip was rendered, in a few words. */
export function styleOf({job, clip}) {
  const render = job.request.render || {};
  const own = job.request.clips?.[0]?.render || {};
  const {style = 'clean', aspect = 'source', captions = 'burn'} = {...render, ...own};
  return [aspect === 'source' ? t('gallery.aspect.source') : aspect, captions === 'burn' ? style : '', length(clip.duration_ms)].filter(Boolean).join(' · ');
}

function proof({proof: sheet}) {
  return h('details', {open: !sheet.ok || sheet.findings.length > 0}, h('summary', {}, t('gallery.proof')),
    sheet.findings.length ? h('ul', {class: 'vc-findings'}, sheet.findings.map((one) => h('li', {},
      h('strong', {}, tCode('gallery.finding', one.name, one.name)), one.start_ms != null && ` ${length(one.start_ms, {tenths: true})}–${length(one.end_ms, {tenths: true})}`, one.detail && ` · ${one.detail}`))) : null,
    table(t('gallery.proof'), [t('gallery.check'), '', t('gallery.measured'), t('gallery.expected')], sheet.checks.map((one) => [
      tCode('gallery.check', one.name, one.name.replaceAll('_', ' ')), h('span', {class: ['vc-badge', one.ok ? 'vc-good' : 'vc-bad']}, t(one.ok ? 'gallery.right' : 'gallery.wrong')), one.measured, one.expected,
    ])));
}

function posts(clip) {
  if (!clip.posts.length) return null;
  return h('section', {class: 'vc-stack', 'aria-label': t('gallery.posts')}, h('h3', {}, t('gallery.posts')),
    h('div', {class: 'vc-posts'}, clip.posts.map((post) => {
      const name = t(`platform.${post.platform}`);
      const tags = post.hashtags.map((tag) => `#${tag}`).join(' ');
      const line = (label, text) => text && h('div', {class: 'vc-post-line'}, h('p', {}, text), copyButton(text, t('gallery.copy', {what: label, name})));
      return h('section', {class: 'vc-post', 'aria-label': name},
        h('div', {class: 'vc-row'}, h('strong', {}, name), h('span', {class: 'vc-space'}),
          copyButton([post.title, post.description, tags].filter(Boolean).join('\n\n'), t('gallery.copy', {what: t('gallery.everything'), name}))),
        line(t('gallery.title'), post.title), line(t('gallery.description'), post.description), line(t('gallery.hashtags'), tags));
    })));
}
