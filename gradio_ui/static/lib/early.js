// Before the first paint: theme and language as they were chosen, so that nothing flashes.
(() => {
  const read = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const root = document.documentElement;
  const plain = (key) => { try { return JSON.parse(read(key)); } catch { return null; } };
  const theme = plain('vc.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  root.lang = plain('vc.lang') || navigator.language || 'en';
  root.classList.add('vc');
})();
