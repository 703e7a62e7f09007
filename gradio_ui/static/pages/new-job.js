// What to make of a video: one sentence, and everything else folded. One click is enough.

import {api} from '../lib/api.js';
import {nameOf, picture} from '../lib/assets.js';
import {add, fill, h, say} from '../lib/dom.js';
import {t} from '../lib/i18n.js';
import {Page, explain, loading, stylesheet} from '../lib/page.js';
import {go, link} from '../lib/router.js';
import {may, who} from '../lib/session.js';
import {recall, remember} from '../lib/store.js';
import {more} from './new-job-more.js';
import {presetChooser} from './new-job-presets.js';
import {sentence} from './new-job-sentence.js';
import {asRequest, defaults, fromRequest} from './new-job-wishes.js';

export default class NewJob extends Page {
  static tag = 'vc-page-new';

  #wishes = defaults();
  #key = crypto.randomUUID?.() ?? String(Math.random());
  #form = null;
  #note = h('div', {class: 'vc-fault', role: 'alert', hidden: true});
  #button = h('button', {type: 'submit', class: 'vc-button vc-main'});
  #controls = h('div', {class: 'vc-stack'});
  #assets = [];

  async open({asset = '', like = ''}) {
    await stylesheet('style/new-job.css');
    fill(this, loading());
    this.#assets = asset.split(',').filter(Boolean);
    this.kept = `wishes.${who().user.id}`;
    this.#wishes = {...defaults(), ...recall(this.kept, {}), prompt: '', hotwords: '', products: ''};
    if (like) {
      const job = await api.get(`/jobs/${encodeURIComponent(like)}`, {}, {signal: this.signal});
      this.#wishes = fromRequest(job.request);
    }
    const address = h('input', {
      type: 'url', required: true, placeholder: 'https://', pattern: 'https?://.+', 'aria-describedby': 'vc-address-hint',
      oninput: () => { this.#wishes.address = address.value.trim(); this.#changed(); },
    });
    const source = this.#assets.length ? this.#sources() : h('label', {class: 'vc-field'}, h('span', {}, t('new.address')), address,
      h('small', {class: 'vc-faint', id: 'vc-address-hint'}, t('new.address.hint'), ' ', h('a', {href: link('library')}, t('page.library'))));
    this.#form = h('form', {class: 'vc-stack', onsubmit: (event) => { event.preventDefault(); this.#send(); }},
      h('h1', {}, t('page.new')), source, this.#controls, this.#note,
      h('div', {class: 'vc-row'}, this.#button, h('small', {class: 'vc-faint'}, t('new.later'))));
    fill(this, this.#form);
    this.#show();
    (this.#assets.length ? this.#button : address).focus();
  }

  #sources() {
    const list = h('ul', {class: 'vc-sources'});
    for (const id of this.#assets.slice(0, 12)) {
      const name = h('span', {class: 'vc-asset-name'});
      nameOf(`asset:${id}`).then((text) => say(name, text));
      list.append(h('li', {}, picture(id, this.signal), name));
    }
    if (this.#assets.length > 12) list.append(h('li', {class: 'vc-faint'}, t('new.more', {count: this.#assets.length - 12})));
    return list;
  }

  /** The controls anew: after a preset, which changes many at once. */
  #show() {
    const changed = () => this.#changed();
    const again = () => { this.#show(); this.#changed(); };
    fill(this.#controls, h('p', {class: 'vc-sentence'}, sentence(this.#wishes, changed)),
      presetChooser(this.#wishes, again, this.signal), more(this.#wishes, changed));
    this.#changed();
  }

  #changed() {
    this.#key = crypto.randomUUID?.() ?? String(Math.random()); // another wish is another job
    this.#note.hidden = true;
    const many = this.#assets.length;
    say(this.#button, many > 1 ? t('new.do.many', {count: many}) : t('new.do'));
    this.#button.disabled = !may('jobs:write');
  }

  async #send() {
    const one = this.#assets.length ? this.#assets.map((id) => `asset:${id}`) : [this.#wishes.address];
    const each = asRequest(this.#wishes);
    const request = one.length > 1 ? {kind: 'batch', sources: one, each} : {...each, source: one[0]};
    this.#button.disabled = true;
    try {
      const job = await api.once('/jobs', {request}, this.#key);
      remember(this.kept, {...this.#wishes, prompt: undefined, hotwords: undefined, products: undefined, address: undefined});
      await go('job', {id: job.id});
    } catch (error) {
      const {title, detail} = explain(error);
      fill(this.#note, h('strong', {}, title));
      add(this.#note, detail && h('p', {}, detail));
      this.#note.hidden = false;
      this.#button.disabled = false;
    }
  }
}
