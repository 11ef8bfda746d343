// The program makes the elements of the page anew. So it waits until nothing is pressed or composed, which
// would never come to its end; and what was typed, opened and focused is put back.
{
  // The click of a finger comes some time after that was lifted, in milliseconds.
  const CLICK = 300;
  let isHeld = false;
  let isComposing = false;
  let take;
  let timer;
  const listened = new AbortController();
  const settle = () => {
    if (!take || isHeld || isComposing) return;
    listened.abort();
    const restore = keep();
    take();
    requestAnimationFrame(restore);
  };
  const hold = () => {
    clearTimeout(timer);
    isHeld = true;
  };
  const release = (after) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isHeld = false;
      settle();
    }, after);
  };
  const on = (names, listener) => {
    for (const name of names.split(" "))
      addEventListener(name, listener, { capture: true, signal: listened.signal });
  };
  on("pointerdown keydown", hold);
  on("pointerup", () => release(CLICK));
  on("click keyup pointercancel", () => release(0));
  // Pressed before this script was there, or lifted where the window did not see it.
  on("pointermove", ({ buttons }) => (buttons ? hold() : isHeld && release(CLICK)));
  on("blur", ({ target }) => target === window && release(0));
  on("compositionstart compositionend", ({ type }) => {
    isComposing = type === "compositionstart";
    if (!isComposing) release(0);
  });
  calls.whenFree = (begin) => {
    take = begin;
    settle();
  };

  const PARTS = "a, button, input, select, summary";
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  // The filters and each row have the same elements in the same order before and after.
  const scopes = () => all("#app .filters, #app [data-call]");
  const place = (element) => {
    const scope = scopes().find((scope) => scope.contains(element));
    return scope && { call: scope.dataset.call, part: all(PARTS, scope).indexOf(element) };
  };
  const at = ({ call, part }) => {
    const scope = scopes().find((scope) => scope.dataset.call === call);
    return scope && part >= 0 ? all(PARTS, scope)[part] : scope;
  };
  const fields = () => all("#app .filters [name]:not([type=hidden])");
  const opened = () => all("#app .filters details");

  // Notes it all. Returns what puts it back.
  const keep = () => {
    const { activeElement: focused } = document;
    const focus = place(focused);
    const { selectionStart: start, selectionEnd: end } = focused ?? {};
    const chosen = new URLSearchParams(location.search);
    const isTyped = ({ name, value }) => value !== (chosen.get(name) ?? "");
    const typed = new Map(
      fields()
        .filter(isTyped)
        .map(({ name, value }) => [name, value]),
    );
    const open = opened().map((details) => details.open);
    const top = scrollY;
    const restore = (frames) => {
      // The program has its own filters by the next frame, or some later.
      if (frames && !document.querySelector("#app .filters a[data-noscroll]"))
        return requestAnimationFrame(() => restore(frames - 1));
      opened().forEach((details, index) => (details.open ||= open[index]));
      for (const field of fields()) {
        if (!typed.has(field.name)) continue;
        field.value = typed.get(field.name);
        // The program listens, and looks for it.
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
      if (scrollY !== top) scrollTo(0, top);
      const element = focus && at(focus);
      if (!element) return;
      element.focus({ preventScroll: true });
      if (start != null) element.setSelectionRange(start, end);
    };
    return () => restore(60);
  };
}
