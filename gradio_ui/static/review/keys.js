// One map of keys: what they do, and the page that tells it.

import {h} from '../lib/dom.js';
import {isTyping, listen, nameOf} from '../lib/keys.js';
import {t} from '../lib/i18n.js';

/** Groups of keys as the help shows them: `[shown, text]`. */
const HELP = {
  play: [['Space', 'play'], ['J K L', 'shuttle'], [', .', 'frame'], ['Enter', 'clip-play']],
  clips: [['N P', 'next'], ['X D', 'decide'], ['I O', 'mark'], ['[ ]', 'longer'], ['{ }', 'shorter'], ['+ −', 'zoom']],
  words: [['← → ↑ ↓', 'move'], ['Shift+← →', 'select'], ['Enter', 'clip'], ['T', 'trim'], ['E', 'edit'], ['Backspace', 'strike'], ['S', 'speaker']],
  all: [['Ctrl+Z', 'undo'], ['Ctrl+Y', 'redo'], ['Ctrl+F', 'find'], ['Ctrl+S', 'save'], ['Ctrl+Enter', 'render'], ['?', 'help']],
};

/** Listen until the page is left. `acts`: what can be done, by name. */
export function listenToKeys(acts, {signal, words}) {
  const inWords = () => words.contains(document.activeElement);
  const only = (run) => () => (inWords() ? run() : false);
  listen({
    Space: () => acts.toggle(), j: () => acts.shuttle(-1), k: () => acts.stop(), l: () => acts.shuttle(1),
    ',': () => acts.frame(-1), '.': () => acts.frame(1),
    i: () => acts.mark('in'), o: () => acts.mark('out'),
    '[': () => acts.nudge('in', -1), ']': () => acts.nudge('out', 1), '{': () => acts.nudge('in', 1), '}': () => acts.nudge('out', -1),
    // Where these signs need AltGr.
    'Ctrl+Alt+[': () => acts.nudge('in', -1), 'Ctrl+Alt+]': () => acts.nudge('out', 1), 'Ctrl+Alt+{': () => acts.nudge('in', 1), 'Ctrl+Alt+}': () => acts.nudge('out', -1),
    n: () => acts.step(1), p: () => acts.step(-1), x: () => acts.decide('accepted'), d: () => acts.decide('rejected'),
    t: () => acts.trim(), e: () => acts.edit(), s: () => acts.speaker(), Backspace: () => acts.strike(), Delete: () => acts.strike(),
    Enter: () => acts.enter(inWords()), Escape: () => acts.escape(), '+': () => acts.zoom(0.5), '=': () => acts.zoom(0.5), '-': () => acts.zoom(2),
    'Ctrl+z': () => acts.undo(), 'Ctrl+y': () => acts.redo(), 'Ctrl+Shift+z': () => acts.redo(),
    'Ctrl+f': () => acts.find(), 'Ctrl+s': () => acts.save(), 'Ctrl+Enter': () => acts.render(), '?': () => acts.help(),
    ArrowLeft: only(() => acts.move(-1)), ArrowRight: only(() => acts.move(1)),
    'Shift+ArrowLeft': only(() => acts.move(-1, true)), 'Shift+ArrowRight': only(() => acts.move(1, true)),
    ArrowUp: only(() => acts.moveRow(-1)), ArrowDown: only(() => acts.moveRow(1)),
    'Shift+ArrowUp': only(() => acts.moveRow(-1, true)), 'Shift+ArrowDown': only(() => acts.moveRow(1, true)),
    'Ctrl+Home': only(() => acts.move(-Infinity)), 'Ctrl+End': only(() => acts.move(Infinity)),
  }, signal, typed());
}

/** What is typed into a field is undone by the field itself. */
function typed() {
  return {
    addEventListener: (name, listener, options) => document.addEventListener(name, (event) => {
      if (isTyping(event.target) && ['Ctrl+z', 'Ctrl+y', 'Ctrl+Shift+z', 'Ctrl+Enter'].includes(nameOf(event))) return;
      listener(event);
    }, options),
  };
}

/** All keys in a dialog. */
export function showHelp() {
  const dialog = h('dialog', {class: 'vc-dialog rv-help', 'aria-label': t('review.help')}, h('h2', {}, t('review.help')),
    h('div', {class: 'rv-help-groups'}, Object.entries(HELP).map(([group, keys]) => h('section', {}, h('h3', {}, t(`review.help.${group}`)),
      h('dl', {}, keys.map(([shown, name]) => [h('dt', {}, h('kbd', {}, shown)), h('dd', {}, t(`review.keys.${name}`))]))))),
    h('div', {class: 'vc-row vc-end'}, h('button', {type: 'button', class: 'vc-button vc-main', autofocus: true, onclick: () => dialog.close()}, t('close'))));
  dialog.addEventListener('close', () => dialog.remove());
  (document.querySelector('vc-app') || document.body).append(dialog);
  dialog.showModal();
}
