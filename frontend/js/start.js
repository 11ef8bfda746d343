// The theme before anything is painted, and the program after the first rows.
{
  // Storage may be forbidden.
  try {
    document.documentElement.dataset.theme = localStorage["calls.theme"] ?? "";
  } catch {}

  // The program comes after the rows, so that nothing of it is asked for before they are on the screen: the
  // server put it aside where there are calls inside. First of all, as it must come whatever happens below.
  // In a tab that is not looked at there are no frames to wait for.
  const aside = document.getElementById("program");
  const begin = () => {
    if (!aside?.isConnected) return;
    const parts = document.importNode(aside.content, true);
    // They run in their order.
    for (const script of parts.querySelectorAll("script")) script.async = false;
    aside.replaceWith(parts);
  };
  const afterPaint = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  afterPaint(begin);
  setTimeout(begin, document.hidden ? 0 : 1000);

  // Faults of the program and of its way here; failure.js says so.
  const faults = [];
  for (const name of ["error", "unhandledrejection"])
    addEventListener(name, (event) => calls.failed?.(event) ?? faults.push(event), true);

  // The program begins by this, when keep.js lets it; without the scripts that it needs it does not.
  const takeOver = (begin) => calls.whenFree?.(begin);
  globalThis.calls = { afterPaint, faults, takeOver };
}
