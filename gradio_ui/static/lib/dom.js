// Elements from plain data. Text becomes text nodes, and nothing here reads HTML, so names and titles cannot run.

const SVG = 'http://www.w3.org/2000/svg';
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'selected', 'indeterminate', 'open', 'muted', 'srcObject']);
const ADDRESSES = new Set(['href', 'src', 'action', 'poster', 'formaction', 'xlink:href']);

/**
 * Make an element.
 *   h('button', {class: 'vc-button', onclick: save, 'aria-label': label}, 'Save')
 * Properties: `class` (text or list), `dataset`, `style` (object of custom or normal properties), `on…` (function),
 * value, checked and the like are set as properties; everything else is an attribute; null and false leave it out.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  set(element, properties);
  add(element, children);
  return element;
}

/** Make an element of a picture. */
export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, properties);
  add(element, children);
  return element;
}

/** Set properties as `h` does. */
export function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) {
      if (typeof value === 'function') element.addEventListener(name.slice(2), value);
      else if (value != null && value !== false) throw new TypeError(`${name} wants a function`);
    } else if (name === 'class') {
      element.setAttribute('class', [value].flat().filter(Boolean).join(' '));
    } else if (name === 'dataset') {
      Object.assign(element.dataset, value);
    } else if (name === 'style') {
      for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    } else if (PROPERTIES.has(name)) {
      element[name] = value;
    } else if (value == null || value === false) {
      element.removeAttribute(name);
    } else {
      element.setAttribute(name, value === true ? '' : ADDRESSES.has(name) ? safeAddress(value) : value);
    }
  }
  return element;
}

/** Put children into an element: nodes, texts, numbers, lists; null and false are left out. */
export function add(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child == null || child === false || child === '') continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Put children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren();
  return add(element, ...children);
}

/** Change a text only where it differs, so that readers and selections are not disturbed. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An address that is no script: http, https, blob, data of pictures, or a path. */
export function safeAddress(text) {
  const word = String(text);
  let scheme = '';
  try {
    scheme = new URL(word, location.href).protocol;
  } catch {
    return '#';
  }
  if (['http:', 'https:', 'blob:', 'mailto:'].includes(scheme)) return word;
  return scheme === 'data:' && /^data:image\/(png|jpeg|webp|gif);/.test(word) ? word : '#';
}

/** Only for people who listen to the page. */
export function hidden(text) {
  return h('span', {class: 'vc-hidden'}, text);
}

/** Keep lists of rows in order with the least change: `make(item)` once per key, `update(row, item)` always. */
export function keyed(container, items, key, make, update = () => {}) {
  const known = new Map([...container.children].map((row) => [row.dataset.key, row]));
  let place = container.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let row = known.get(name);
    if (row) known.delete(name);
    else {
      row = make(item);
      row.dataset.key = name;
    }
    update(row, item);
    if (row === place) place = place.nextElementSibling;
    else container.insertBefore(row, place);
  }
  for (const row of known.values()) row.remove();
}

/** A dialog that gives what its buttons stand for, or null when it is left. */
export function ask(title, text, choices) {
  return new Promise((done) => {
    const dialog = h('dialog', {class: 'vc-dialog', 'aria-label': title}, h('h2', {}, title));
    add(dialog, typeof text === 'string' ? h('p', {}, text) : text);
    const close = (value) => { dialog.close(); dialog.remove(); done(value); };
    add(dialog, h('div', {class: 'vc-row vc-end'}, choices.map((choice) => h('button', {
      type: 'button', class: ['vc-button', choice.kind && `vc-${choice.kind}`], autofocus: choice.autofocus,
      onclick: () => close(choice.value),
    }, choice.text))));
    dialog.addEventListener('cancel', (event) => { event.preventDefault(); close(null); });
    (document.querySelector('vc-app') || document.body).append(dialog);
    dialog.showModal();
  });
}
