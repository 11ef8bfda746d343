// The first page: a search over all that is known, and the numbers that have calls.
{
  const { t, html, write, icon, encode, ask, nextPage, beside, timeElement, problem, base } = calls;
  /** Pause after the last letter before anything is searched for, in milliseconds. */
  const PAUSE = 120;
  const RECENT = "calls.recent";

  const page = (number) => `${base}/calls/${encode(number)}`;
  const written = ({ number, details }) => calls.spelling(number, details);
  const named = (entry) => entry.name ?? written(entry);
  // What stands below the name.
  const beneath = (entry) =>
    [entry.name && written(entry), entry.label].filter(Boolean).map((part) => html`<bdi>${part}</bdi>`);
  const isMain = () => document.getElementById("main");

  const toCallBack = ({ number, to_call_back: n }) =>
    n > 0 && html`<a class="badge" href="${page(number)}/callbacks">${t("{n} to call back", { n })}</a>`;
  const entry = (entry) => {
    const at = new Date(entry.last_call);
    return html`<li class="line">
      <a class="line-link" href="${page(entry.number)}"><bdi>${named(entry)}</bdi></a>
      <span class="line-beneath">${beneath(entry)}<span>${t("{n} calls", { n: entry.calls })}</span></span>
      ${toCallBack(entry)} ${timeElement(at, beside(at), "line-time")}
    </li>`;
  };

  const recent = () => {
    // Storage may be forbidden.
    try {
      const pairs = [...new URLSearchParams(localStorage[RECENT] ?? "")];
      return pairs.flatMap(([name, number], index) =>
        name === "n" ? [[number, pairs[index + 1]?.[1] ?? number]] : [],
      );
    } catch {
      return [];
    }
  };
  const forget = () => {
    localStorage.removeItem(RECENT);
    for (const name of Object.keys(sessionStorage))
      if (name.startsWith("calls.last.")) sessionStorage.removeItem(name);
    isMain().querySelector(".recent").remove();
    // The button is gone, and the focus must not go with it.
    isMain().focus();
  };
  const recentNumbers = () => {
    const numbers = recent();
    return (
      numbers.length > 0 &&
      html`<section class="recent" aria-labelledby="recent">
        <h2 id="recent">${t("Recently viewed")}</h2>
        <ol role="list">
          ${numbers.map(
            ([number, text]) =>
              html`<li>
                <a href="${page(number)}"><bdi>${text}</bdi></a>
              </li>`,
          )}
        </ol>
        <p class="hint">
          ${t("Kept in this browser only.")}
          <button class="link" type="button">${t("Clear the list")}</button>
        </p>
      </section>`
    );
  };

  const nothing = () =>
    html`<div class="message">
      ${icon("empty")}
      <h2>${t("No calls yet")}</h2>
      <p>${t("Bring in the log of a telephone system, or the backup of a phone:")}</p>
      <pre><code>calls import Master.csv</code></pre>
      <p>${t("To look around first, make calls up:")}</p>
      <pre><code>calls seed</code></pre>
    </div>`;
  const numbers = (entries, next) =>
    html`<section class="lines" aria-labelledby="numbers">
      <h2 id="numbers">${t("Numbers")}</h2>
      <ol role="list">
        ${entries.map(entry)}
      </ol>
      ${next && html`<p><button class="button quiet more-numbers" type="button" data-next="${next}">${t("Show more")}</button></p>`}
    </section>`;

  const show = (main, { has_directory: hasDirectory, numbers: entries, next }) => {
    main.className = "home";
    main.ariaBusy = "false";
    main.dataset.state = "ready";
    main.innerHTML = html`<div>
      <h1 tabindex="-1">${t("Call history")}</h1>
      <p class="lead">${t("Who called, who was called, when, and for how long.")}</p>
    </div>`.raw;
    main.append(document.getElementById("number-form").content.cloneNode(true));
    const list = entries?.length === 0 ? nothing() : entries && numbers(entries, next);
    main.insertAdjacentHTML("beforeend", write(list) + write(recentNumbers()));
    main.querySelector(".recent button")?.addEventListener("click", forget);
    main.addEventListener("click", async ({ target }) => {
      if (!target.matches(".more-numbers")) return;
      const { data, next } = await ask(target.dataset.next);
      const [item] = main.querySelectorAll(".lines ol > :last-child");
      item.insertAdjacentHTML("afterend", write(data.map(entry)));
      item.nextElementSibling?.querySelector("a").focus();
      if (next) target.dataset.next = next;
      else target.remove();
    });
    search(main.querySelector("form"), hasDirectory);
  };

  // Suggestions below the field, as a combobox (ARIA Authoring Practices, "editable combobox with list
  // autocomplete").
  const search = (form, hasDirectory) => {
    const input = form.querySelector("input");
    const mistake = form.querySelector("#number-error");
    form
      .querySelector(".field")
      .insertAdjacentHTML(
        "beforeend",
        html`<ul id="suggestions" role="listbox" aria-label="${t("Suggestions")}" hidden></ul>`.raw,
      );
    const list = form.querySelector("#suggestions");
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-controls", "suggestions"],
      ["aria-expanded", "false"],
    ]) {
      input.setAttribute(name, value);
    }
    let timer;
    let asking;
    const isNumber = (text) => !/\p{L}/u.test(text) || /[:@]/.test(text);
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
    const say = (text) => {
      mistake.textContent = text;
      if (text) input.ariaInvalid = "true";
      else input.removeAttribute("aria-invalid");
    };
    const option = (entry, index) =>
      html`<li id="suggestion-${index}" role="option" aria-selected="false" data-href="${page(entry.number)}">
        <span class="line-link"><bdi>${named(entry)}</bdi></span>
        <span class="line-beneath"
          >${beneath(entry)}${entry.calls > 0 && html`<span>${t("{n} calls", { n: entry.calls })}</span>`}</span
        >
      </li>`;
    const find = async (text) => {
      asking?.abort();
      asking = new AbortController();
      const { signal } = asking;
      try {
        const found = hasDirectory
          ? (await ask(`${base}/api/numbers?q=${encode(text)}&limit=8`, { signal })).data
          : [];
        list.innerHTML = write(found.map(option));
        open(found.length > 0);
        if (found.length > 0) return;
        if (isNumber(text)) await ask(`${base}/api/numbers/${encode(text)}`, { signal });
        else say(t("Nobody of this name is known."));
      } catch (error) {
        if (error.name === "AbortError") return;
        open(false);
        // The problem says what was expected and found, and then why that is not it.
        const reason =
          error.problem?.type?.endsWith("/problems/not-a-number") && error.problem.detail?.split(": ").at(-1);
        say(
          reason
            ? t("Not a phone number so far: {reason}.", { reason: problem(error.problem, reason) })
            : error.message,
        );
      }
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      say("");
      const text = input.value.trim();
      if (text) timer = setTimeout(find, PAUSE, text);
      else open(false);
    });
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
        choose(
          options[now < 0 && step < 0 ? options.length - 1 : (now + step + options.length) % options.length],
        );
      }
    });
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", ({ target }) => {
      const href = target.closest("[data-href]")?.dataset.href;
      if (href) location.assign(href);
    });
    input.addEventListener("blur", () => open(false));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = input.value.trim();
      clearTimeout(timer);
      if (active()) return location.assign(active().dataset.href);
      if (!text) {
        say(t("Enter a number first."));
        return input.focus();
      }
      if (isNumber(text)) return location.assign(page(text));
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

  calls.home = async () => {
    const inside = JSON.parse(document.getElementById("home")?.textContent ?? "null") ?? {
      has_directory: true,
    };
    const address = nextPage(inside.link);
    inside.next = address && !address.startsWith(`${base}/`) ? base + address : address;
    show(isMain(), inside);
    if (!inside.has_directory || inside.numbers) return;
    // Not inside: the database took its time.
    const { data, next } = await ask(`${base}/api/numbers`).catch(() => ({}));
    if (data) show(isMain(), { ...inside, numbers: data, next });
  };
  document.addEventListener("visibilitychange", async () => {
    const list = document.querySelector("main.home .lines ol");
    if (document.hidden || !list) return;
    const { data } = await ask(`${base}/api/numbers`).catch(() => ({}));
    if (data && list.children.length <= data.length) list.innerHTML = write(data.map(entry));
  });
  if (document.getElementById("home") || document.querySelector("main.home")) calls.home();
}
