// Small settings of this browser. Never tokens: those live in memory and in a cookie that no script reads.

/** A value that was kept, or the fallback where there is none or none may be kept. */
export function recall(key, fallback = null) {
  try {
    const text = localStorage.getItem(`vc.${key}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Keep a value; undefined forgets it. */
export function remember(key, value) {
  try {
    if (value === undefined) localStorage.removeItem(`vc.${key}`);
    else localStorage.setItem(`vc.${key}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing still works, until it is closed.
  }
}
