// Paints the calls that came inside the HTML, or else the last known ones of this tab, as the program will: row.rs, list.rs
// and title.rs have the same markup, and a browser test compares the two. The program then puts its own in their place.
{
  // Storage may be forbidden.
  try {
    document.documentElement.dataset.theme = localStorage["calls.theme"] ?? "";
  } catch {}

  // The program comes after the rows, so that nothing of it is asked for before they are on the screen: the server put it
  // aside where there are calls inside. First of all, as it must come whatever happens below. In a tab that is not looked at
  // there are no frames to wait for.
  const aside = document.getElementById("program");
  const begin = () => aside?.isConnected && aside.replaceWith(document.importNode(aside.content, true));
  const afterPaint = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  afterPaint(begin);
  setTimeout(begin, document.hidden ? 0 : 1000);

  // The path below which everything is; empty at the root.
  const base = document.documentElement.dataset.base ?? "";

  const html = (parts, ...values) => ({
    raw: parts.reduce((text, part, index) => text + write(values[index - 1]) + part),
  });
  const write = (value) =>
    value == null || value === false
      ? ""
      : Array.isArray(value)
        ? value.map(write).join("")
        : (value.raw ?? String(value).replace(/[&<"]/g, (letter) => `&#${letter.charCodeAt()};`));

  const format = (options) => new Intl.DateTimeFormat([], options);
  const time = format({ timeStyle: "short" });
  const inFull = format({ dateStyle: "full", timeStyle: "long" });
  const date = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const countries = new Intl.DisplayNames([], { type: "region" });
  const { locale, timeZone } = time.resolvedOptions();

  // Lets the server find the calls of a day.
  document.cookie = `tz=${timeZone}; path=/; max-age=31536000; samesite=strict`;

  const zone = () => {
    const parts = format({ timeZoneName: "longGeneric" }).formatToParts();
    return parts.find((part) => part.type === "timeZoneName")?.value ?? timeZone;
  };
  const countryName = (country) => (/^[a-z]{2}$/i.test(country) ? countries.of(country) : country);
  const icon = (name) => html`<svg class="icon" aria-hidden="true"><use href="#icon-${name}" /></svg>`;
  const day = (at) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());

  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const belowAMinute = (ms, seconds) => (!seconds && ms ? "less than a second" : plural(seconds, "second"));
  const two = (big, bigUnit, small, smallUnit) => `${big} ${bigUnit}${small ? ` ${small} ${smallUnit}` : ""}`;
  const briefly = (ms, seconds, minutes = Math.floor((ms + 30000) / 60000)) =>
    seconds < 60
      ? belowAMinute(ms, seconds)
      : seconds < 3600
        ? two(Math.floor(seconds / 60), "min", seconds % 60, "s")
        : two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const inWords = (ms, seconds) =>
    seconds < 60
      ? belowAMinute(ms, seconds)
      : [
          [Math.floor(seconds / 3600), "hour"],
          [Math.floor(seconds / 60) % 60, "minute"],
          [seconds % 60, "second"],
        ]
          .filter(([count]) => count)
          .map(([count, unit]) => plural(count, unit))
          .join(" ");
  const duration = (text) => {
    const ms = Math.round(text * 1000);
    const seconds = Math.floor((ms + 500) / 1000);
    return html`<time class="call-duration" datetime="PT${text}S"><span aria-hidden="true">${briefly(ms, seconds)}</span
      ><span class="visually-hidden">${inWords(ms, seconds)}</span></time>`;
  };

  const address = (uri) => uri.slice(uri.indexOf(":") + 1);
  const isIdentified = (party) => party !== "withheld" && party !== "unknown";
  const isSip = (party) => /^sips?:/.test(party);
  const note = (text) => html`<span class="call-note">${text}</span>`;
  const encode = (party) =>
    encodeURIComponent(party).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt().toString(16).toUpperCase()}`);
  const link = (party, title, text) => html`<a href="${base}/calls/${encode(party)}" title="${title}"><bdi>${text}</bdi></a>`;

  // The text of a party, the element, and the note.
  const party = ({ counterparty, type, details }, home) => {
    if (!isIdentified(counterparty)) {
      const caller = type.endsWith("Outbound") ? "Unknown number" : "Unknown caller";
      const text = counterparty === "withheld" ? "Withheld number" : caller;
      return [text, html`<span class="call-party hidden-party">${text}</span>`];
    }
    const known = details.counterparty;
    if (!known) {
      const [text, kind] = isSip(counterparty)
        ? [address(counterparty), "SIP address"]
        : [counterparty, /^[*#]/.test(counterparty) && "Feature code"];
      const long = isSip(counterparty) && " long";
      return [text, html`<span class="call-party${long}">${link(counterparty, "", text)}</span>`, kind];
    }
    const { country } = known;
    const isHome = country && country === home;
    const name = country && countryName(country);
    const text = isHome ? known.national : known.international;
    return [text, html`<span class="call-party">${link(counterparty, name, text)}</span>`, !isHome && name];
  };

  const returned = ({ counterparty, type, details }, missedAt) => {
    if (type !== "Missed Inbound" || !isIdentified(counterparty)) return;
    if (!details.returned_at) return html`<span class="call-returned">Not returned</span>`;
    const at = new Date(details.returned_at);
    const isSameYear = at.getFullYear() === missedAt.getFullYear();
    const short = format(isSameYear ? { month: "short", day: "numeric" } : { dateStyle: "medium" });
    const text = (day(at) === day(missedAt) ? time : short).format(at);
    return html`<span class="call-returned" data-returned="">Spoke <time datetime="${at.toISOString()}">${text}</time></span>`;
  };

  const TYPES = {
    "Completed Inbound": "Inbound",
    "Missed Inbound": "Missed",
    "Completed Outbound": "Outbound",
    "Missed Outbound": "No answer",
  };
  const row = (entry, home) => {
    const { id, counterparty, type } = entry;
    const at = new Date(entry.created_at);
    const [name, element, kind] = party(entry, home);
    const isNumber = counterparty.startsWith("+");
    const call = isNumber && html`<a class="row-action" href="tel:${counterparty}" aria-label="Call ${name}">${icon("phone")}</a>`;
    const copy =
      isIdentified(counterparty) &&
      isSecureContext &&
      html`<button class="row-action" type="button" aria-label="Copy ${name}">${icon("copy")}</button>`;
    return html`<li class="call" data-call="${id}" data-type="${type}">
      <span class="call-icon">${icon(type.toLowerCase().replace(" ", "-"))}</span>${element}<span class="call-meta"
        ><span class="call-type-text">${TYPES[type]}</span>${kind && note(kind)}</span
      >${entry.duration && duration(entry.duration)}${returned(entry, at)}<time
        class="call-time" datetime="${at.toISOString()}" title="${inFull.format(at)}" lang="${locale}">${time.format(at)}</time
      ><span class="row-actions">${call}${copy}</span>
    </li>`;
  };

  const days = (calls, home) => {
    const groups = new Map();
    for (const call of calls) {
      const key = day(new Date(call.created_at));
      groups.set(key, [...(groups.get(key) ?? []), call]);
    }
    const today = day(new Date());
    return [...groups].map(([midnight, calls]) => {
      const name = { 0: "Today", 1: "Yesterday" }[(today - midnight) / 86400000];
      return html`<section class="day">
        <h2 class="day-heading">
          ${name && html`<span>${name}</span> `}<time class="${name && "day-date"}" lang="${locale}"
            >${date.format(midnight)}</time
          >
        </h2>
        <ol class="day-calls" role="list">
          ${calls.map((call) => row(call, home))}
        </ol>
      </section>`;
    });
  };

  // What the program kept of this address, and when, in milliseconds since 1970: last_known.rs. A filter asks for other calls.
  const lastKnown = () => {
    const [, address] = location.pathname.slice(base.length).match(/^\/calls\/([^/]+)$/) ?? [];
    if (!address || location.search) return;
    try {
      const [, at, text] = sessionStorage.getItem(`calls.last.${decodeURIComponent(address)}`)?.match(/^(\d+) (.*)$/s) ?? [];
      return Date.now() - at < 86400000 && { ...JSON.parse(text), age: Math.max(0, Math.floor((Date.now() - at) / 60000)) };
    } catch {
      // Storage that is forbidden, or a text that nobody can read.
    }
  };
  const ago = (minutes) => (minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`);
  const updated = (age) => (age == null ? "Updating…" : age ? `Updated ${ago(age)} ago` : "Updated just now");

  const paint = () => {
    const inside = JSON.parse(document.getElementById("fallback")?.textContent ?? "{}");
    const { number, info, calls, age } = inside.calls ? inside : (lastKnown() || {});
    const main = document.getElementById("main");
    if (!main || !info || !(calls?.length || location.search)) return;
    const heading = isSip(info.international) ? address(info.international) : info.international;
    const { country, e164, international } = info;
    const region = country ? countryName(country) : e164 && `Country code ${international.split(" ", 1)}`;
    const isWide = matchMedia("(min-width: 75rem)").matches;
    // No row is lower than a finger needs.
    const seen = Math.ceil(innerHeight / 44);
    document.title = `${heading} · Calls`;
    main.innerHTML = html`<div class="columns">
        <div class="title">
          <h1><bdi>${heading}</bdi></h1>
          <dl class="facts">${region && html`<div><dd><bdi>${region}</bdi></dd></div>`}</dl>
        </div>
        <section class="filters" aria-label="Filters"></section>
        <div class="chosen">${location.search && html`<a class="clear" href="${location.pathname}">Clear filters</a>`}</div>
        <section class="summary" inert>
          <details ${isWide && "open"}><summary><h2>Summary</h2></summary></details>
        </section>
        <p class="list-note"><span>Newest first. Times in <span lang="${locale}">${zone()}</span>.</span
          ><span class="freshness">${updated(age)}</span
          >${!location.search && html`<a class="export" href="${base}/api/calls/${encode(number)}?format=csv" download>${icon("download")}<span><span>Save as </span>CSV</span></a>`}</p>
        <div class="list-area" id="calls" tabindex="-1">
          <div class="days">${calls && days(calls.slice(0, seen), info.country)}</div>
        </div>
      </div>`.raw;
    filters(main.querySelector(".filters"));
    document.querySelector(".skip").hash = "calls";
    // What is below the window comes after what is in it.
    const list = main.querySelector(".days");
    if (calls?.length > seen) afterPaint(() => list.isConnected && (list.innerHTML = write(days(calls, info.country))));
  };

  // The form of the filters, with links and fields that work without the program.
  const filters = (section) => {
    section.append(document.getElementById("filters").content.cloneNode(true));
    const chosen = new URLSearchParams(location.search);
    for (const link of section.querySelectorAll("a")) {
      const { show, period } = link.dataset;
      const to = new URLSearchParams(chosen);
      for (const name of show == null ? ["period", "from", "to"] : ["outcome", "returned", "direction"]) to.delete(name);
      for (const [name, value] of new URLSearchParams(show ?? (period && { period }))) to.set(name, value);
      to.sort();
      chosen.sort();
      link.href = `${location.pathname}?${to}`;
      if (`${to}` === `${chosen}`) link.ariaCurrent = "true";
    }
    const { elements } = section.firstElementChild;
    // A form sends its fields alone.
    for (const [name, value] of chosen) {
      if (elements[name]) elements[name].value = value;
      else elements.counterparty.insertAdjacentHTML("afterend", html`<input type="hidden" name="${name}" value="${value}" />`.raw);
    }
    section.querySelector(".more").open = matchMedia("(min-width: 44rem)").matches;
  };

  if (location.pathname === `${base}/`) {
    const main = document.getElementById("main");
    main.className = "home";
    main.replaceChildren(document.getElementById("home").content.cloneNode(true));
  } else paint();
}
