// Look again and again while a page is open and seen.

/** Run `look` now and every so often until the signal ends; `failed` gets errors of later looks, the first one is thrown. */
export async function every(ms, signal, look, failed) {
  await look();
  const again = async () => {
    if (signal.aborted) return;
    try {
      if (!document.hidden) await look();
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
    if (!signal.aborted) setTimeout(again, ms);
  };
  setTimeout(again, ms);
}
