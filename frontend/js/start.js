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
  const begin = () => aside?.isConnected && aside.replaceWith(document.importNode(aside.content, true));
  const afterPaint = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  afterPaint(begin);
  setTimeout(begin, document.hidden ? 0 : 1000);

  globalThis.calls = { afterPaint };
}
