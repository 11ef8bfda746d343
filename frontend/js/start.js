// Sets the theme before the first paint, and loads the program after the first rows.
{
  // Storage may be forbidden.
  try {
    document.documentElement.dataset.theme = localStorage["calls.theme"] ?? "";
  } catch {}

  // Loads the program after the rows are painted: if the HTML contains calls, its elements are in a template.
  // This comes first, so that it happens even if the code below fails.
  // A hidden tab has no frames to wait for.
  const aside = document.getElementById("program");
  const begin = () => {
    if (!aside?.isConnected) return;
    const parts = document.importNode(aside.content, true);
    // Scripts run in order.
    for (const script of parts.querySelectorAll("script")) script.async = false;
    aside.replaceWith(parts);
  };
  const afterPaint = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  afterPaint(begin);
  setTimeout(begin, document.hidden ? 0 : 1000);

  // Errors of the program and of loading it, which failure.js shows.
  const faults = [];
  for (const name of ["error", "unhandledrejection"])
    addEventListener(name, (event) => calls.failed?.(event) ?? faults.push(event), true);

  // Starts the program when keep.js allows it, and the scripts that it needs are loaded.
  const takeOver = (begin) => calls.whenFree?.(begin);
  globalThis.calls = { afterPaint, faults, takeOver };
}
