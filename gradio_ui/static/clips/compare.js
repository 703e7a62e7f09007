// Two clips side by side, played together; one is heard at a time.

import {fill, h} from '../lib/dom.js';
import {button} from '../lib/forms.js';
import {t} from '../lib/i18n.js';
import {loading} from '../lib/page.js';
import {toastError} from '../lib/toast.js';
import {styleOf} from './details.js';
import {addressOf} from './files.js';

/** The panel. */
export function compare(pair, {close}) {
  const players = pair.map(() => null);
  const sides = pair.map(({job, clip}, at) => {
    const frame = h('div', {class: 'vc-player'}, loading());
    addressOf(job, clip.file).then((url) => {
      players[at] = h('video', {src: url, controls: true, playsinline: true, preload: 'auto', muted: at > 0, 'aria-label': clip.title || clip.file});
      players[at].addEventListener('play', () => follow(at));
      players[at].addEventListener('pause', () => { if (!players[at].ended) for (const one of players) one?.pause(); });
      players[at].addEventListener('seeked', () => {
        for (const one of players) if (one && one !== players[at] && Math.abs(one.currentTime - players[at].currentTime) > 0.1) one.currentTime = players[at].currentTime;
      });
      fill(frame, players[at]);
    }, (error) => { fill(frame); toastError(error); });
    return h('figure', {class: 'vc-stack'}, frame, h('figcaption', {}, h('strong', {}, clip.title || clip.file), h('br'), styleOf({job, clip})));
  });
  const follow = (at) => {
    for (const one of players) {
      if (!one || one === players[at]) continue;
      one.currentTime = players[at].currentTime;
      one.play().catch(() => {});
    }
  };
  return h('article', {class: 'vc-panel', tabindex: '-1', 'aria-label': t('gallery.compare')},
    h('div', {class: 'vc-row'}, h('h2', {}, t('gallery.compare')), h('span', {class: 'vc-space'}),
      button(t('gallery.both'), async () => {
        const [first] = players;
        if (first?.paused) await first.play();
        else first?.pause();
      }, {small: true}),
      button(t('gallery.hear'), () => { for (const one of players) if (one) one.muted = !one.muted; }, {small: true}),
      h('button', {type: 'button', class: 'vc-icon', 'aria-label': t('close'), onclick: close}, '×')),
    h('div', {class: 'vc-pair'}, sides));
}
