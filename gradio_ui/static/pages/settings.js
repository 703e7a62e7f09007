// What a person sets: the account, API keys, webhooks, and the workspace with its people.

import {fill, h} from '../lib/dom.js';
import {tabs} from '../lib/forms.js';
import {t} from '../lib/i18n.js';
import {Page, loading, stylesheet} from '../lib/page.js';
import {link} from '../lib/router.js';
import {may} from '../lib/session.js';
import {account} from '../settings/account.js';
import {activity} from '../settings/activity.js';
import {keys} from '../settings/keys.js';
import {people} from '../settings/people.js';
import {room} from '../settings/room.js';
import {webhooks} from '../settings/webhooks.js';

const PARTS = [
  ['account', '', account],
  ['keys', 'keys:read', keys],
  ['webhooks', 'webhooks:read', webhooks],
  ['people', 'workspace:read', people],
  ['room', 'usage:read', room],
  ['activity', 'audit:read', activity],
];

export default class Settings extends Page {
  static tag = 'vc-page-settings';

  async open({tab = 'account'}) {
    await stylesheet('style/desk.css');
    const parts = PARTS.filter(([, scope]) => may(scope));
    const [name, , show] = parts.find(([one]) => one === tab) || parts[0];
    const body = h('div', {class: 'vc-stack'}, loading());
    fill(this, h('div', {class: 'vc-head'}, h('h1', {}, t('page.settings'))),
      tabs(t('page.settings'), parts.map(([one]) => [one, t(`settings.${one}`), link('settings', {tab: one})]), name), body);
    fill(body, await show(this.signal));
    this.title(t(`settings.${name}`));
  }
}
