// The bar at the top: pages, what is being uploaded, workspace, language, theme, who is signed in.

import {boot} from './boot.js';
import {h, say} from './dom.js';
import {about, percent} from './format.js';
import {language, t, useLanguage} from './i18n.js';
import {bar} from './page.js';
import {link} from './router.js';
import {changeWorkspace, may, signOut, who, workspace} from './session.js';
import {theme, useTheme} from './theme.js';
import {toastError} from './toast.js';
import {uploads} from './uploads.js';

let following = null;

/** The bar, for a place of the router. */
export function topBar(place) {
  following?.abort();
  following = new AbortController();
  const signedIn = who();
  return h('header', {class: 'vc-top'},
    h('a', {class: 'vc-brand', href: link('library')}, 'Video-Clip'),
    signedIn && h('nav', {'aria-label': t('nav')}, boot.pages
      .filter((page) => page.nav && (page.admin ? signedIn.user.is_admin : may(page.scope)))
      .map((page) => h('a', {
        href: link(page.name), dataset: {page: page.name}, 'aria-current': page.name === place.page?.name ? 'page' : null,
      }, t(`page.${page.name}`)))),
    h('span', {class: 'vc-space'}),
    signedIn && uploadState(following.signal),
    menu(signedIn));
}

function uploadState(signal) {
  const text = h('span');
  const progress = bar(t('upload.all'));
  const element = h('a', {class: 'vc-uploading', href: link('library'), hidden: true}, progress, text);
  const show = () => {
    const {active, sent, size, left_ms: left} = uploads.overall();
    element.hidden = !active;
    if (!active) return;
    progress.show(sent, size);
    say(text, [percent(sent, size), about(left)].filter(Boolean).join(' · '));
  };
  uploads.addEventListener('change', show, {signal});
  show();
  return element;
}

function menu(signedIn) {
  const name = signedIn ? signedIn.user.name || signedIn.user.email : t('menu');
  const details = h('details', {class: 'vc-menu'}, h('summary', {'aria-label': t('menu.of', {name})}, h('span', {class: 'vc-menu-name'}, name)));
  const choice = (label, value, options, choose) => {
    const select = h('select', {'aria-label': label, onchange: () => choose(select.value)},
      options.map(([word, text]) => h('option', {value: word, selected: word === value}, text)));
    return h('label', {class: 'vc-field'}, h('span', {}, label), select);
  };
  details.append(h('div', {class: 'vc-menu-body'},
    signedIn && h('p', {class: 'vc-faint'}, signedIn.user.email),
    signedIn && signedIn.workspaces.length > 1 && choice(t('workspace'), signedIn.workspace_id,
      signedIn.workspaces.map((one) => [one.id, one.name]), (id) => changeWorkspace(id).catch(toastError)),
    signedIn && signedIn.workspaces.length === 1 && h('p', {class: 'vc-faint'}, workspace()?.name),
    choice(t('language'), language(), [['en', 'English'], ['zh', '中文']], (word) => useLanguage(word).catch(toastError)),
    choice(t('theme'), theme(), ['system', 'light', 'dark'].map((word) => [word, t(`theme.${word}`)]), useTheme),
    signedIn && h('a', {class: 'vc-button', href: link('settings')}, t('page.settings')),
    signedIn && h('button', {type: 'button', class: 'vc-button', onclick: () => signOut().catch(toastError)}, t('sign-out'))));
  details.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && details.open) {
      details.open = false;
      details.querySelector('summary').focus();
    }
  });
  details.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false;
  });
  return details;
}
