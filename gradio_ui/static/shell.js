// The frame of all pages: puts our element into Gradio's page, knows who is signed in, shows the page of the address.

import {boot} from './lib/boot.js';
import {fill, h} from './lib/dom.js';
import {onLanguage, startTexts, t} from './lib/i18n.js';
import {fault} from './lib/page.js';
import {link, goTo, onMove, place, startRouter} from './lib/router.js';
import {may, onSession, startSession, who} from './lib/session.js';
import {startTheme} from './lib/theme.js';
import {toast} from './lib/toast.js';
import {topBar} from './lib/top-bar.js';

const PATIENCE_MS = 8000;

class App extends HTMLElement {
  #main = h('main', {id: 'vc-main', tabindex: '-1'});
  #shown = '';
  #turn = 0;

  connectedCallback() {
    if (this.#main.isConnected) return;
    this.#frame();
    onLanguage(() => { this.#frame(); this.show({again: true}); });
    onSession(() => { this.#frame(); this.show({again: true}); });
    onMove(() => this.show());
    window.addEventListener('offline', () => this.#offline());
    startRouter();
    this.show();
  }

  #frame() {
    const skip = h('a', {class: 'vc-skip', href: '#vc-main', onclick: (event) => { event.preventDefault(); this.#main.focus(); }}, t('skip'));
    fill(this, skip, topBar(place()), this.#main);
  }

  #offline() {
    const close = toast(t('error.offline'), {kind: 'bad', detail: t('error.offline.do')});
    window.addEventListener('online', close, {once: true});
  }

  /** Show the page of the address; the one that is shown stays if only its query changed and it says so. */
  async show({again = false} = {}) {
    const {page, query, hash} = place();
    if (hash.startsWith('/invitation/')) {
      this.invitation = hash.slice('/invitation/'.length);
      await goTo(link('sign-in'), {replace: true}); // the word is out of the address before anything can see it
      return;
    }
    const key = JSON.stringify([page?.name, query]);
    if (!again && key === this.#shown) return;
    const turn = ++this.#turn;
    this.#shown = key;
    this.#mark(page);
    if (!page) return this.#say(t('page.none'), t('page.none.do'));
    if (!page.open && !who()) {
      await goTo(link('sign-in', {then: location.pathname + location.search}), {replace: true});
      return;
    }
    if ((page.admin && !who()?.user.is_admin) || (!page.admin && !page.open && !may(page.scope))) {
      return this.#say(t('page.denied'), t('page.denied.do'));
    }
    try {
      const module = await import(`${boot.code}/${page.module}`);
      if (turn !== this.#turn) return;
      const Element = module.default;
      if (!customElements.get(Element.tag)) customElements.define(Element.tag, Element);
      const element = document.createElement(Element.tag);
      element.title(t(`page.${page.name}`));
      fill(this.#main, element);
      this.#main.classList.toggle('vc-wide', page.wide);
      window.scrollTo(0, 0);
      await element.start(query);
    } catch (error) {
      if (turn === this.#turn) fill(this.#main, fault(error, () => location.reload()));
    }
  }

  #say(title, text) {
    document.title = `${title} · Video-Clip`;
    fill(this.#main, h('div', {class: 'vc-page vc-empty'}, h('h1', {}, title), h('p', {}, text),
      h('a', {class: 'vc-button', href: link('library')}, t('page.library'))));
  }

  #mark(page) {
    for (const anchor of this.querySelectorAll('nav a')) {
      if (anchor.dataset.page === page?.name) {
        anchor.setAttribute('aria-current', 'page');
        const bar = anchor.parentNode; // on a phone it may be out of sight
        if (bar.scrollWidth > bar.clientWidth) bar.scrollLeft = anchor.offsetLeft - bar.offsetLeft - 16;
      } else anchor.removeAttribute('aria-current');
    }
  }
}

/** Gradio makes its page out of its own scripts; ours moves in as soon as the place is there, or does without it. */
function mount(app) {
  let observer = null;
  const put = () => {
    const spot = document.getElementById(boot.root);
    if (!spot) return false;
    if (app.parentNode !== spot) spot.append(app);
    document.documentElement.classList.add('vc-mounted');
    return true;
  };
  if (put()) return;
  observer = new MutationObserver(() => { if (put()) observer.disconnect(); });
  observer.observe(document.documentElement, {childList: true, subtree: true});
  setTimeout(() => {
    observer.disconnect();
    if (!put()) document.body.append(app);
  }, PATIENCE_MS);
}

customElements.define('vc-app', App);
startTheme();
const app = document.createElement('vc-app');
try {
  await startTexts();
  await startSession();
  mount(app);
} catch (error) {
  mount(h('div', {class: 'vc-page'}, fault(error, () => location.reload())));
}
