// The installation, for its administrators. What one asks at night comes first: is it well, what is stuck, and why.

import {activity} from '../admin/activity.js';
import {health} from '../admin/health.js';
import {queue} from '../admin/queue.js';
import {users} from '../admin/users.js';
import {workspaces} from '../admin/workspaces.js';
import {fill, h} from '../lib/dom.js';
import {tabs} from '../lib/forms.js';
import {t} from '../lib/i18n.js';
import {Page, loading, stylesheet} from '../lib/page.js';
import {link} from '../lib/router.js';

const PARTS = {health, queue, users, workspaces, activity};

export default class Admin extends Page {
  static tag = 'vc-page-admin';

  async open(query) {
    await stylesheet('style/desk.css');
    const name = PARTS[query.tab] ? query.tab : 'health';
    const body = h('div', {class: 'vc-stack'}, loading());
    fill(this, h('div', {class: 'vc-head'}, h('h1', {}, t('page.admin'))),
      tabs(t('page.admin'), Object.keys(PARTS).map((one) => [one, t(`admin.${one}`), link('admin', {tab: one})]), name), body);
    await PARTS[name](body, this.signal, query);
    this.title(t(`admin.${name}`));
  }
}
