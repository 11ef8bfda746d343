// The first page: today's figures, the numbers with histories, and the latest calls.
{
  const { t, html, write, icon, encode, ask, follow, nextPage, beside, timeElement, row, number, base } =
    calls;
  const { timeZone, locale } = calls;
  const RECENT = "calls.recent";
  /** Latest calls that are shown. They are of as many numbers at most. */
  const LATEST = 8;
  /** Numbers that are shown at once. */
  const AT_ONCE = 10;
  /** Numbers whose events one stream follows at most. */
  const FOLLOWED = 50;

  const page = (number) => `${base}/calls/${encode(number)}`;
  const directory = `${base}/api/numbers?include=days&tz=${encode(timeZone)}`;
  const written = ({ number, details }) => calls.spelling(number, details);
  const named = (entry) => entry.name ?? written(entry);
  // Short time of a call in a row without a day's heading.
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "short" });
  const when = (at) => (at.getFullYear() === new Date().getFullYear() ? beside(at) : date.format(at));
  const isMain = () => document.getElementById("main");
  const sum = (entries, figure) => entries.reduce((total, entry) => total + (figure(entry) ?? 0), 0);

  // Below the name: number, kind, and number of calls.
  const beneath = (entry) => {
    const texts = [entry.name && written(entry), entry.label];
    const missed = entry.days?.missed.at(-1);
    return html`${texts.filter(Boolean).map((text) => html`<bdi>${text}</bdi>`)}<span>${t("{n} calls", { n: entry.calls })}</span>${missed > 0 && html`<span class="missed-today">${t("{n} missed today", { n: missed })}</span>`}`;
  };
  // A bar per day, today last.
  const spark = ({ days }) => {
    if (!days) return;
    const top = Math.max(...days.calls, 1);
    const bar = (calls, index) => {
      const height = calls > 0 ? Math.max(2, Math.round((calls / top) * 24)) : 1;
      return `M${index * 4} 24v-${height}h3v${height}z`;
    };
    const bars = days.calls.map(bar);
    const label = t("{n} calls in the last 15 days", { n: sum(days.calls, (calls) => calls) });
    return html`<svg
      class="spark"
      viewBox="0 0 59 24"
      preserveAspectRatio="none"
      role="img"
      aria-label="${label}"
    >
      <path d="${bars.slice(0, -1).join("")}" />
      <path class="spark-today" d="${bars.at(-1)}" />
    </svg>`;
  };
  const toCallBack = ({ number: owner, to_call_back: n }) => {
    if (!(n > 0)) return;
    const words = t("{n} to call back", { n });
    return html`<a class="badge" href="${page(owner)}/callbacks" aria-label="${words}"
      ><span class="badge-words">${words}</span
      ><span class="badge-count">${icon("missed-inbound")}${number(n)}</span></a
    >`;
  };
  const entry = (entry) => {
    const at = new Date(entry.last_call);
    return html`<li class="line">
      <a class="line-link" href="${page(entry.number)}"><bdi>${named(entry)}</bdi></a>
      <span class="line-beneath">${beneath(entry)}</span>
      ${spark(entry)} ${toCallBack(entry)} ${timeElement(at, beside(at), "line-time")}
    </li>`;
  };

  // Today compared with the same part of the day a week ago, and missed calls to return, over all listed
  // numbers.
  const today = (entries, next) => {
    const known = entries.filter(({ days }) => days);
    if (known.length === 0) return;
    const figure = (title, name) => {
      const before = sum(known, ({ days }) => days.week_ago[name]);
      return html`<div class="figure" data-figure="${name}">
        <dt>${title}</dt>
        <dd>
          <strong>${number(sum(known, ({ days }) => days[name].at(-1)))}</strong>
          <span>${t("{n} a week ago by this time", { n: before })}</span>
        </dd>
      </div>`;
    };
    const waiting = entries.filter((entry) => entry.to_call_back > 0);
    const [only] = waiting;
    const n = sum(waiting, (entry) => entry.to_call_back);
    // A number would wrap where a name is truncated.
    const where =
      waiting.length === 1 && only.name ? only.name : t("{n} numbers", { n: waiting.length });
    return html`<section class="today" aria-labelledby="today">
      <h2 id="today" class="visually-hidden">${t("Today")}</h2>
      <dl>
        ${figure(t("Calls today"), "calls")}${figure(t("Missed today"), "missed")}
        <div class="figure" data-figure="waiting">
          <dt>${t("To call back")}</dt>
          <dd>
            <strong>${number(n)}</strong>
            <span
              >${
                n > 0 &&
                (waiting.length === 1
                  ? html`<a href="${page(only.number)}/callbacks"><bdi>${where}</bdi></a>`
                  : where)
              }</span
            >
          </dd>
        </div>
      </dl>
      ${next && html`<p class="hint">${t("Of the {n} numbers with the latest calls.", { n: entries.length })}</p>`}
    </section>`;
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
    // The button is removed, and its focus must be kept.
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
  // Numbers that are not shown yet, and the address of the next page.
  let rest = [];
  let behind;
  const numbers = (entries) =>
    html`<div class="home-parts">
      <section class="lines" aria-labelledby="numbers">
        <h2 id="numbers">${t("Numbers")}</h2>
        <ol role="list">
          ${entries.slice(0, AT_ONCE).map(entry)}
        </ol>
        ${
          (rest.length > 0 || behind) &&
          html`<p><button class="button quiet more-numbers" type="button">${t("Show more")}</button></p>`
        }
      </section>
      <section class="latest" aria-labelledby="latest" hidden>
        <h2 id="latest">${t("Latest calls")}</h2>
        <div class="days"><ol class="day-calls" role="list"></ol></div>
      </section>
    </div>`;

  // The latest calls, of the first numbers.
  const showLatest = async (entries) => {
    const section = document.querySelector("main.home .latest");
    const owners = entries.slice(0, LATEST);
    if (!section || owners.length === 0) return;
    const query = new URLSearchParams(owners.map((entry) => ["number", entry.number]));
    const { data } = await ask(`${base}/api/calls?${query}&include=details&limit=${LATEST}`).catch(
      () => ({}),
    );
    if (!data) return;
    calls.lines = new Map(entries.map((entry) => [entry.number, named(entry)]));
    const country = new Map(entries.map((entry) => [entry.number, entry.details?.country]));
    const item = (call) => {
      const at = new Date(call.created_at);
      const line = call.details.number;
      return html`<li class="call" data-type="${call.type}">
        ${row(call, line, country.get(line), when(at))}
      </li>`;
    };
    section.querySelector("ol").innerHTML = write(data.map(item));
    section.hidden = data.length === 0;
  };

  const show = (main, { has_directory: hasDirectory, numbers: entries, next }) => {
    main.className = "home";
    main.ariaBusy = "false";
    main.dataset.state = "ready";
    const hasCalls = entries?.length > 0;
    rest = entries?.slice(AT_ONCE) ?? [];
    behind = next;
    main.innerHTML = html`<div>
      <h1 tabindex="-1">${t("Call history")}</h1>
      ${!hasCalls && html`<p class="lead">${t("Who called, who was called, when, and for how long.")}</p>`}
    </div>`.raw;
    main.append(document.getElementById("number-form").content.cloneNode(true));
    const list = hasCalls ? [today(entries, next), numbers(entries)] : entries && nothing();
    main.insertAdjacentHTML("beforeend", write(list) + write(recentNumbers()));
    main.querySelector(".recent button")?.addEventListener("click", forget);
    main.querySelector(".more-numbers")?.addEventListener("click", more);
    calls.search(main.querySelector("form"), hasDirectory);
    if (hasCalls) showLatest(entries);
  };
  const more = async ({ target }) => {
    if (rest.length === 0) ({ data: rest, next: behind } = await ask(behind));
    const [item] = isMain().querySelectorAll(".lines ol > :last-child");
    item.insertAdjacentHTML("afterend", write(rest.splice(0, AT_ONCE).map(entry)));
    item.nextElementSibling?.querySelector("a").focus();
    if (rest.length === 0 && !behind) target.remove();
  };

  // Updates the page, unless more numbers are shown than a page of the API has. The focus stays in its row.
  const refresh = async () => {
    const list = document.querySelector("main.home .lines ol");
    if (document.hidden || !list) return;
    const { data, next } = await ask(directory).catch(() => ({}));
    if (!data || list.children.length > data.length) return;
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    const shown = list.children.length;
    list.innerHTML = write(data.slice(0, Math.max(shown, AT_ONCE)).map(entry));
    rest = data.slice(list.children.length);
    behind = next;
    document.querySelector("main.home .today")?.remove();
    list.closest(".home-parts").insertAdjacentHTML("beforebegin", write(today(data, next)));
    if (focused) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    await showLatest(data);
  };
  const followAll = (entries) => {
    const query = new URLSearchParams(entries.slice(0, FOLLOWED).map((entry) => ["number", entry.number]));
    let timer;
    follow(`${base}/api/calls/events?${query}`, () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, 200);
    });
  };

  calls.home = async () => {
    const inside = JSON.parse(document.getElementById("home")?.textContent ?? "null") ?? {
      has_directory: true,
    };
    const address = nextPage(inside.link);
    inside.next = address && !address.startsWith(`${base}/`) ? base + address : address;
    show(isMain(), inside);
    if (!inside.has_directory) return;
    let entries = inside.numbers;
    if (!entries) {
      // Not embedded, because the database was slow.
      const { data, next } = await ask(directory).catch(() => ({}));
      if (!data) return;
      entries = data;
      show(isMain(), { ...inside, numbers: data, next });
    } else if (inside.zone !== timeZone) {
      await refresh();
    }
    if (entries.length > 0) followAll(entries);
  };
  // The server needs the time zone for days.
  document.cookie = `tz=${timeZone}; path=/; max-age=31536000; samesite=strict`;
  if (document.getElementById("home") || document.querySelector("main.home")) calls.home();
}
