// Brand kits: how clips look, with a live frame beside every setting.

import {editor} from '../brand/editor.js';
import {api} from '../lib/api.js';
import {fill, h} from '../lib/dom.js';
import {button, sure} from '../lib/forms.js';
import {ago} from '../lib/format.js';
import {t} from '../lib/i18n.js';
import {empty, loading, Page, stylesheet} from '../lib/page.js';
import {go, link} from '../lib/router.js';
import {may} from '../lib/session.js';
import {toast} from '../lib/toast.js';

export default class Brand extends Page {
  static tag = 'vc-page-brand';

  async open({id}) {
    fill(this, h('h1', {}, t('page.brand')), loading());
    await Promise.all([stylesheet('style/desk.css'), stylesheet('style/brand.css')]);
    if (id) await this.#edit(id);
    else await this.#list();
  }

  async #edit(id) {
    const kit = id === 'new' ? {name: '', description: '', render: {}, version: 0} : await api.get(`/presets/${id}`, {}, {signal: this.signal});
    this.title(kit.name || t('brand.new'));
    fill(this, h('div', {class: 'vc-head'}, h('div', {}, h('p', {class: 'vc-small'}, h('a', {href: link('brand')}, t('brand.all'))), h('h1', {}, kit.name || t('brand.new')))), editor(kit, this.signal));
  }

  async #list() {
    const kits = [];
    for await (const kit of api.each('/presets', 'presets', {limit: 200}, {signal: this.signal})) kits.push(kit);
    const fresh = may('presets:write') && h('a', {class: 'vc-button vc-main', href: link('brand', {id: 'new'})}, t('brand.new'));
    fill(this, h('div', {class: 'vc-head'}, h('h1', {}, t('page.brand')), h('span', {class: 'vc-space'}), kits.length ? fresh : null),
      kits.length ? h('ul', {class: 'vc-kits'}, kits.map((kit) => this.#row(kit))) : empty(t('brand.none'), t('brand.none.do'), fresh));
  }

  #row(kit) {
    const again = () => this.#list();
    return h('li', {class: 'vc-kit'},
      h('div', {}, h('a', {href: link('brand', {id: kit.id})}, h('strong', {}, kit.name)), kit.description && h('p', {}, kit.description),
        h('p', {class: 'vc-small vc-faint'}, [summary(kit.render), t('brand.changed', {time: ago(kit.updated_ms)})].filter(Boolean).join(' · '))),
      may('presets:write') && h('div', {class: 'vc-row'},
        button(t('brand.copy'), async () => {
          const made = await api.post('/presets', {name: t('brand.copy.name', {name: kit.name}).slice(0, 100), description: kit.description, render: kit.render});
          await go('brand', {id: made.id});
        }, {small: true, label: t('brand.copy.of', {name: kit.name})}),
        button(t('settings.remove'), async () => {
          if (!await sure(t('settings.remove.of', {name: kit.name}), t('brand.remove.text'), t('settings.remove'))) return;
          await api.delete(`/presets/${kit.id}`);
          toast(t('brand.removed', {name: kit.name}), {kind: 'good'});
          await again();
        }, {small: true, kind: 'danger', label: t('settings.remove.of', {name: kit.name})})));
  }
}

function summary({captions = 'burn', style = 'clean', aspect = 'source', watermark}) {
  return [captions === 'burn' ? t(`brand.style.${style}`) : t(`brand.captions.${captions}`), aspect === 'source' ? t('brand.aspect.source') : aspect, watermark && t('brand.marked')].filter(Boolean).join(' · ');
}
