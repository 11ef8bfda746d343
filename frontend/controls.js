// What the bar's buttons do, and what is said where the program cannot be loaded: all that works without the program.
{
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  const THEMES = { "": "system", light: "light", dark: "dark" };
  const button = byId("theme");
  const label = () => {
    button.ariaLabel = button.title = `Theme: ${THEMES[root.dataset.theme] ?? THEMES[""]}`;
  };
  button.addEventListener("click", () => {
    const themes = Object.keys(THEMES);
    const next = themes[(themes.indexOf(root.dataset.theme) + 1) % themes.length];
    root.dataset.theme = next;
    // Storage may be forbidden.
    try {
      localStorage["calls.theme"] = next;
    } catch {}
    label();
  });
  label();

  const help = () => byId("keys").open || byId("keys").showModal();
  byId("keys-button").addEventListener("click", help);
  addEventListener("keydown", (event) => {
    const isTyping = document.activeElement?.matches("input, textarea, select");
    if (event.key === "?" && !isTyping && !event.ctrlKey && !event.altKey && !event.metaKey) help();
  });

  // A script that cannot be loaded says so to nobody but its own element; one that fails says so to the window.
  const { src } = document.currentScript;
  const failed = (event) => {
    const { target, filename } = event;
    const isProgram = target === window ? filename !== src && !/first-rows/.test(filename) : target.type === "module";
    if (!isProgram || document.querySelector("[data-notice=program]") || !byId("main")) return;
    const main = byId("main");
    main.ariaBusy = "false";
    main.querySelector(".skeleton")?.remove();
    const freshness = main.querySelector(".freshness");
    if (freshness) freshness.textContent = "";
    (main.querySelector(".columns") ?? main).prepend(byId("failed").content.cloneNode(true));
    main.querySelector("[data-notice] button").addEventListener("click", () => location.reload());
  };
  for (const name of ["error", "unhandledrejection"]) addEventListener(name, failed, true);
  addEventListener("TrunkApplicationStarted", () => {
    for (const name of ["error", "unhandledrejection"]) removeEventListener(name, failed, true);
  });
}
