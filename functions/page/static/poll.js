// Asking again and again, as long as somebody looks.

/** Call `look` now and after as many milliseconds as it returns, until it returns null; give what stops it. */
export function poll(look) {
  let timer;
  let stopped = false;
  const next = async () => {
    if (stopped) return;
    if (document.hidden) return document.addEventListener("visibilitychange", next, { once: true });
    const wait = await look();
    if (wait !== null && !stopped) timer = setTimeout(next, wait);
  };
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", next);
  };
}
