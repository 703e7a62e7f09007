// Light, dark, or as the system says.

import {recall, remember} from './store.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** "light", "dark" or "system". */
export const theme = () => recall('theme', 'system');

/** Choose one. */
export function useTheme(name) {
  remember('theme', name === 'system' ? undefined : name);
  apply();
}

/** Follow the system, and tell Gradio's own part of the page. */
export function startTheme() {
  dark.addEventListener('change', apply);
  apply();
}

function apply() {
  const chosen = theme();
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  document.body?.classList.toggle('dark', chosen === 'dark' || (chosen === 'system' && dark.matches));
}
