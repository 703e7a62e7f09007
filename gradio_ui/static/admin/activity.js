// What administrators did to the installation.

import {api} from '../lib/api.js';
import {fill} from '../lib/dom.js';
import {auditList} from '../settings/activity.js';

/** Fill the part of the page. */
export async function activity(body, signal) {
  const names = new Map();
  for await (const user of api.each('/admin/users', 'users', {limit: 200}, {signal})) names.set(user.id, user.name || user.email);
  fill(body, await auditList('/admin/audit', names, signal));
}
