"""What is wrong with a page for people: too little contrast, controls without a name, more than the screen is wide."""

from __future__ import annotations

from playwright.sync_api import Page

__all__ = ["faults_of", "untranslated"]


def faults_of(page: Page) -> list[str]:
    """Faults of what is on the page now, in words; empty: none was found."""
    return [str(fault) for fault in page.evaluate(_FAULTS)]


def untranslated(page: Page, known: set[str]) -> list[str]:
    """Texts that did not come from the table of texts, with the pseudo-language on; ``known``: data, and names."""
    return [text for text in page.evaluate(_TEXTS) if text not in known]


_FAULTS = r"""
() => {
  const faults = [];
  const app = document.querySelector('vc-app');
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`${wide} px wider than the screen`);
  const parse = (text) => {
    const canvas = parse.canvas ||= Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const part = (value) => { const v = value / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return parse(getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'black' : 'white');
  };
  const shown = (element) => element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) && element.getClientRects().length > 0;
  for (const element of app.querySelectorAll('*')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('').trim();
    if (!text || !shown(element) || element.closest(':disabled, .vc-hidden, option, video, canvas')) continue;
    const [front, back] = [parse(getComputedStyle(element).color), behind(element)].map(light);
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)}: ${text.slice(0, 40)}`);
  }
  for (const element of app.querySelectorAll('button, a[href], input:not([type=file]), select, textarea, summary, [role=button], [role=slider], video')) {
    if (!shown(element)) continue;
    const label = element.getAttribute('aria-label') || document.getElementById(element.getAttribute('aria-labelledby'))?.textContent
      || [...(element.labels || [])].map((one) => one.textContent).join('') || element.textContent || element.title;
    if (!label.trim()) faults.push(`no name: ${element.outerHTML.slice(0, 80)}`);
    if (element.tabIndex < 0 && element.matches('button, a[href], input, select, textarea')) {
      if (!element.closest('[role]')) faults.push(`not reached by keys: ${element.outerHTML.slice(0, 80)}`);
    }
  }
  const ids = [...document.querySelectorAll('vc-app [id]')].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id twice: ${id}`);
  if (app.querySelectorAll('h1').length !== 1) faults.push(`${app.querySelectorAll('h1').length} main headings`);
  return [...new Set(faults)];
}
"""
_TEXTS = r"""
() => {
  const found = new Set();
  const wordy = (text) => /\p{L}{2}/u.test(text) && !/[⟦áéíóú]/.test(text);
  for (const element of document.querySelectorAll('vc-app *')) {
    if (!element.checkVisibility()) continue;
    for (const node of element.childNodes) if (node.nodeType === 3 && wordy(node.data)) found.add(node.data.trim());
    for (const name of ['aria-label', 'title', 'placeholder']) {
      const text = element.getAttribute(name);
      if (text && wordy(text)) found.add(text);
    }
  }
  return [...found];
}
"""
