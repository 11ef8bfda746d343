// Hands the page over to the program, which recreates its elements. It waits until nothing is pressed or
// composed, and restores typed text, open parts and the focus.
{
  // Delay of a click after a touch ends, in milliseconds.
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
  // Pressed before this script was loaded, or released outside the window.
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
  // Filters and rows have the same elements in the same order before and after.
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

  // Saves the state. Returns a function that restores it.
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
      // The program renders its filters within some frames.
      if (frames && !document.querySelector("#app .filters a[data-noscroll]"))
        return requestAnimationFrame(() => restore(frames - 1));
      opened().forEach((details, index) => (details.open ||= open[index]));
      for (const field of fields()) {
        if (!typed.has(field.name)) continue;
        field.value = typed.get(field.name);
        // The program listens to this event, and searches for the text.
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
