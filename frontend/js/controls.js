// Buttons of the bar, and other controls that must work without the program.
{
  const { t, write, icon } = calls;
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  const THEMES = { "": t("Theme: system"), light: t("Theme: light"), dark: t("Theme: dark") };
  const button = byId("theme");
  const label = () => {
    button.ariaLabel = button.title = THEMES[root.dataset.theme] ?? THEMES[""];
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

  // The server selects the language of the page by this cookie, then by the browser's languages.
  const language = byId("language");
  language.value = root.lang;
  language.addEventListener("change", () => {
    document.cookie = `lang=${language.value}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  });

  // The skip link moves to the calls, or else to the main content, without changing the address.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    (byId("calls") ?? byId("main")).focus();
  });

  const help = () => byId("keys").open || byId("keys").showModal();
  byId("keys-button").addEventListener("click", help);
  addEventListener("keydown", (event) => {
    const isTyping = document.activeElement?.matches("input, textarea, select");
    if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
    const field = document.querySelector('[aria-keyshortcuts="/"]');
    if (event.key === "?") help();
    else if (event.key === "/" && field) {
      event.preventDefault();
      field.focus();
    }
  });

  // Buttons that copy a number confirm it for two seconds, unless the browser forbids copying.
  addEventListener("click", async (event) => {
    const copy = event.target.closest?.("[data-copy]");
    if (!copy || copy.classList.contains("done")) return;
    const { ariaLabel, innerHTML } = copy;
    const isWritten = await navigator.clipboard.writeText(copy.dataset.copy).then(
      () => true,
      () => false,
    );
    if (!isWritten) return;
    copy.classList.add("done");
    copy.ariaLabel = t("Copied");
    copy.innerHTML = write(icon("done"));
    setTimeout(() => {
      copy.classList.remove("done");
      Object.assign(copy, { ariaLabel, innerHTML });
    }, 2000);
  });
}
