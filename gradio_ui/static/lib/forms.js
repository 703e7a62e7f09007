// Small parts of forms and lists that several pages share.

import {add, ask, fill, h, say} from './dom.js';
import {t} from './i18n.js';
import {explain} from './page.js';
import {toast, toastError} from './toast.js';

let numbers = 0;

/** A control with its label, and a hint below it. */
export function field(label, control, hint) {
  if (hint) {
    numbers += 1;
    control.setAttribute('aria-describedby', `vc-hint-${numbers}`);
  }
  const named = h('label', {class: 'vc-field'}, h('span', {}, label), control);
  return hint ? h('div', {class: 'vc-field'}, named, h('small', {id: `vc-hint-${numbers}`, class: 'vc-faint'}, hint)) : named;
}

/** A select of [value, text] pairs. */
export function choice(options, value, properties = {}) {
  return h('select', properties, options.map(([word, text]) => h('option', {value: word, selected: String(word) === String(value ?? '')}, text)));
}

/** A box to tick with its text. */
export function tick(text, properties = {}) {
  return h('label', {class: 'vc-tick'}, h('input', {type: 'checkbox', ...properties}), h('span', {}, text));
}

/** A button that does its work once at a time and tells what went wrong. */
export function button(text, work, {kind = '', small = false, label, ...rest} = {}) {
  const element = h('button', {
    type: 'button', class: ['vc-button', kind && `vc-${kind}`, small && 'vc-small'], 'aria-label': label, ...rest,
    onclick: async () => {
      element.disabled = true;
      try {
        await work(element);
      } catch (error) {
        toastError(error);
      } finally {
        element.disabled = false;
      }
    },
  }, text);
  return element;
}

/** A form whose `send(values, form)` runs on its button; what goes wrong is told above the button. */
export function form(action, send, ...children) {
  const note = h('div', {class: 'vc-fault', role: 'alert', hidden: true});
  const go = h('button', {type: 'submit', class: 'vc-button vc-main'}, action);
  const element = h('form', {class: 'vc-stack', onsubmit: async (event) => {
    event.preventDefault();
    go.disabled = true;
    note.hidden = true;
    try {
      await send(Object.fromEntries(new FormData(element)), element);
    } catch (error) {
      const {title, detail} = explain(error);
      fill(note, h('strong', {}, title), detail && h('p', {}, detail));
      note.hidden = false;
    } finally {
      go.disabled = false;
    }
  }}, children, note, h('div', {class: 'vc-row'}, go));
  return element;
}

/** Copy a text, and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h('textarea', {value: text, readonly: true, 'aria-hidden': 'true'});
    document.body.append(area); // pages without https have no clipboard; the old way still works
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (!done) {
      toast(t('desk.copy.failed'), {kind: 'bad', detail: text});
      return;
    }
  }
  toast(t('desk.copied'), {kind: 'good'});
}

/** A button that copies. */
export const copyButton = (text, label) => button(t('desk.copy'), () => copy(typeof text === 'function' ? text() : text), {small: true, label});

/** Something that is told once, to be copied now. */
export function secret(title, text, value) {
  return h('div', {class: 'vc-secret', role: 'status'}, h('strong', {}, title), h('p', {}, text),
    h('div', {class: 'vc-row'}, h('code', {class: 'vc-code', tabindex: '0'}, value), copyButton(value)));
}

/** Ask before something that cannot be undone. */
export async function sure(title, text, action) {
  return await ask(title, text, [
    {text: t('desk.keep'), value: false, autofocus: true}, {text: action, value: true, kind: 'danger'},
  ]) === true;
}

/** A table that becomes a list of boxes on narrow screens: columns are texts, rows lists of cells. */
export function table(label, columns, rows) {
  return h('table', {class: 'vc-table vc-cards', 'aria-label': label, role: 'table'},
    h('thead', {role: 'rowgroup'}, h('tr', {role: 'row'}, columns.map((text) => h('th', {scope: 'col', role: 'columnheader'}, text || h('span', {class: 'vc-hidden'}, t('desk.actions')))))),
    h('tbody', {role: 'rowgroup'}, rows.map((cells) => h('tr', {role: 'row'}, cells.map((cell, at) => h('td', {role: 'cell', dataset: {label: columns[at]}}, filled(cell) && h('div', {}, cell)))))));
}

const filled = (cell) => [cell].flat(Infinity).some((one) => one != null && one !== false && one !== '');

/** Tabs as links: [[name, text, href]]. */
export function tabs(label, entries, current) {
  const element = h('nav', {class: 'vc-tabs', 'aria-label': label}, entries.map(([name, text, href]) => h('a', {
    href, 'aria-current': name === current ? 'page' : null,
  }, text)));
  requestAnimationFrame(() => {
    const here = element.querySelector('[aria-current]');
    if (here) element.scrollLeft = here.offsetLeft - element.offsetLeft - 16; // on a phone it may be out of sight
  });
  return element;
}

/** A list that comes in pages: shows what `load(cursor)` gives ({items, next}) by `show(items)`, with a button for more. */
export async function paged(load, show, nothing) {
  const list = h('div', {class: 'vc-stack'});
  const foot = h('div', {class: 'vc-row vc-center'});
  const all = [];
  const more = async (cursor) => {
    const {items, next} = await load(cursor);
    all.push(...items);
    fill(list, all.length ? show(all) : nothing);
    fill(foot, next ? button(t('desk.more'), () => more(next)) : null);
  };
  await more();
  return h('div', {class: 'vc-stack'}, list, foot);
}

/** A fact with its name: for lists of figures. */
export function figure(text, value, look = '') {
  return h('div', {class: ['vc-figure', look && `vc-${look}`]}, h('dt', {}, text), add(h('dd', {class: 'vc-number'}), value));
}

/** A section with a heading. */
export const section = (title, ...children) => h('section', {class: 'vc-stack', 'aria-label': title}, h('h2', {}, title), children);

/** Change the text of an element of status quietly. */
export const status = (text = '') => {
  const element = h('p', {role: 'status', class: 'vc-faint'}, text);
  element.say = (words) => say(element, words);
  return element;
};
