// Keys: a map from "Ctrl+Z", "Shift+J", "?" or "Space" to what they do; typing into a field is left alone.

/** How a key event is called, such as "Ctrl+Shift+Z", "j", "[", "ArrowLeft", "Space". Cmd counts as Ctrl. */
export function nameOf(event) {
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z]$/.test(key) || key.length > 1;
  return [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : '', event.shiftKey && letter ? 'Shift' : '', key]
    .filter(Boolean).join('+');
}

/** Whether what has the focus takes letters by itself. */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type);
}

/**
 * Listen to keys until the signal ends. `map`: {"name": function(event)}; one that gives false lets the key pass.
 * Keys that a button or a link needs itself (Space, Enter) go to it.
 */
export function listen(map, signal, target = document) {
  target.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const name = nameOf(event);
    const run = map[name];
    if (!run || (isTyping(event.target) && !name.startsWith('Ctrl'))) return;
    if ((name === 'Space' || name === 'Enter') && event.target.closest?.('button, a, summary, [role=button], [role=checkbox]')) return;
    if (document.querySelector('dialog[open]')) return;
    if (run(event) !== false) event.preventDefault();
  }, {signal});
}
