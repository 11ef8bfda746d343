// The search of the first page over all known names and numbers, with suggestions below the field: a combobox
// (ARIA Authoring Practices, "editable combobox with list autocomplete").
{
  const { t, html, write, icon, encode, ask, spelling, problem, base } = calls;
  /** Pause after the last letter before anything is searched for, in milliseconds. */
  const PAUSE = 120;

  const page = (number) => `${base}/calls/${encode(number)}`;
  const written = ({ number, details }) => spelling(number, details);
  const named = (entry) => entry.name ?? written(entry);
  // The line below the name.
  const beneath = (entry) =>
    [entry.name && written(entry), entry.label].filter(Boolean).map((part) => html`<bdi>${part}</bdi>`);
  const isNumber = (text) => !/\p{L}/u.test(text) || /[:@]/.test(text);
  const option = (entry, index) =>
    html`<li id="suggestion-${index}" role="option" aria-selected="false" data-href="${page(entry.number)}">
      <span class="line-link"><bdi>${named(entry)}</bdi></span>
      <span class="line-beneath"
        >${beneath(entry)}${entry.calls > 0 && html`<span>${t("{n} calls", { n: entry.calls })}</span>`}</span
      >
    </li>`;

  // The list of suggestions, its selection, and whether it is open.
  const suggestions = (input, field) => {
    field.insertAdjacentHTML(
      "beforeend",
      html`<ul id="suggestions" role="listbox" aria-label="${t("Suggestions")}" hidden></ul>`.raw,
    );
    const list = field.lastElementChild;
    const attributes = { "aria-autocomplete": "list", "aria-controls": "suggestions" };
    for (const [name, value] of Object.entries({ role: "combobox", ...attributes, "aria-expanded": "false" }))
      input.setAttribute(name, value);
    const active = () => list.querySelector("[aria-selected=true]");
    const choose = (option) => {
      active()?.setAttribute("aria-selected", "false");
      option?.setAttribute("aria-selected", "true");
      option?.scrollIntoView({ block: "nearest" });
      if (option) input.setAttribute("aria-activedescendant", option.id);
      else input.removeAttribute("aria-activedescendant");
    };
    const open = (isOpen) => {
      list.hidden = !isOpen;
      input.ariaExpanded = `${isOpen}`;
      if (!isOpen) choose();
    };
    input.addEventListener("keydown", (event) => {
      const options = [...list.children];
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape" && !list.hidden) {
        open(false);
        event.preventDefault();
      } else if (step && options.length > 0) {
        event.preventDefault();
        open(true);
        const now = options.indexOf(active());
        const last = options.length - 1;
        choose(options[now < 0 && step < 0 ? last : (now + step + options.length) % options.length]);
      }
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => {
      const href = target.closest("[data-href]")?.dataset.href;
      if (href) location.assign(href);
    });
    input.addEventListener("blur", () => open(false));
    return { list, active, open };
  };

  // Searches in `form`; without a directory it only checks whether the text is a number.
  calls.search = (form, hasDirectory) => {
    const input = form.querySelector("input");
    const mistake = form.querySelector("#number-error");
    const field = form.querySelector(".field");
    field.insertAdjacentHTML("afterbegin", write(icon("search")));
    const button = field.querySelector("button");
    button.innerHTML = write(html`<span>${button.textContent}</span>${icon("search")}`);
    input.placeholder = t("Name or number");
    const { list, active, open } = suggestions(input, field);
    let timer;
    let asking;
    const say = (text) => {
      mistake.textContent = text;
      if (text) input.ariaInvalid = "true";
      else input.removeAttribute("aria-invalid");
    };
    const refuse = (error) => {
      if (error.name === "AbortError") return;
      open(false);
      // The problem has the expected and the found value, and then the reason.
      const reason =
        error.problem?.type?.endsWith("/problems/not-a-number") && error.problem.detail?.split(": ").at(-1);
      const isNotYet = reason && { reason: problem(error.problem, reason) };
      say(isNotYet ? t("Not a phone number so far: {reason}.", isNotYet) : error.message);
    };
    const find = async (text) => {
      asking?.abort();
      asking = new AbortController();
      const { signal } = asking;
      const address = `${base}/api/numbers?q=${encode(text)}&limit=8`;
      try {
        const found = hasDirectory ? (await ask(address, { signal })).data : [];
        list.innerHTML = write(found.map(option));
        open(found.length > 0);
        if (found.length > 0) return;
        if (isNumber(text)) await ask(`${base}/api/numbers/${encode(text)}`, { signal });
        else say(t("Nobody of this name is known."));
      } catch (error) {
        refuse(error);
      }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      say("");
      const text = input.value.trim();
      if (text) timer = setTimeout(find, PAUSE, text);
      else open(false);
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      clearTimeout(timer);
      if (active()) return location.assign(active().dataset.href);
      if (!text) {
        say(t("Enter a number first."));
        return input.focus();
      }
      // A complete number in any spelling, or else the first search result.
      const isWhole =
        isNumber(text) &&
        (await ask(`${base}/api/numbers/${encode(text)}`).then(
          () => true,
          (error) => !error.problem?.type?.endsWith("/problems/not-a-number"),
        ));
      if (isWhole) return location.assign(page(text));
      await find(text);
      const [first] = list.children;
      if (first) location.assign(first.dataset.href);
    });
    const asked = new URLSearchParams(location.search).get("q");
    if (asked) {
      input.value = asked;
      find(asked);
      input.focus();
    }
  };
}
