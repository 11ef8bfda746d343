// Paints the calls embedded in the HTML, or else the last known ones of this tab, before the program does.
// Headings and lists are the same as in list.rs, which a browser test checks; rows are from rows.js in both.
{
  const {
    afterPaint,
    t,
    html,
    write,
    icon,
    encode,
    row,
    date,
    day,
    title,
    heading,
    canonical,
    locale,
    timeZone,
    base,
  } = calls;

  // The server needs the time zone to find the calls of a day.
  document.cookie = `tz=${timeZone}; path=/; max-age=31536000; samesite=strict`;

  const zone = () => {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: "longGeneric" }).formatToParts();
    return parts.find((part) => part.type === "timeZoneName")?.value ?? timeZone;
  };

  const item = ({ id, type }, inside) =>
    html`<li class="call" data-call="${id}" data-type="${type}">${inside}</li>`;
  const days = (entries, owner, home) => {
    const groups = new Map();
    for (const call of entries) {
      const key = day(new Date(call.created_at));
      groups.set(key, [...(groups.get(key) ?? []), call]);
    }
    const today = day(new Date());
    return [...groups].map(([midnight, group]) => {
      const name = { 0: t("Today"), 1: t("Yesterday") }[(today - midnight) / 86400000];
      return html`<section class="day">
        <h2 class="day-heading">
          ${name && html`<span>${name}</span> `}<time class="${name && "day-date"}" lang="${locale}"
            >${date.format(midnight)}</time
          >
        </h2>
        <ol class="day-calls" role="list">
          ${group.map((call) => item(call, row(call, owner, home)))}
        </ol>
      </section>`;
    });
  };

  // Parameters of the address that filter calls.
  const chosen = new URLSearchParams(location.search);
  chosen.delete("call");
  const isFiltered = [...chosen].length > 0;

  // Calls of this address that the program kept, with their time in milliseconds since 1970 (last_known.rs).
  // Not for a filtered list.
  const lastKnown = () => {
    const [, address] = location.pathname.slice(base.length).match(/^\/calls\/([^/]+)$/) ?? [];
    if (!address || isFiltered) return;
    try {
      const [, at, text] =
        sessionStorage.getItem(`calls.last.${decodeURIComponent(address)}`)?.match(/^(\d+) (.*)$/s) ?? [];
      return (
        Date.now() - at < 86400000 && {
          ...JSON.parse(text),
          age: Math.max(0, Math.floor((Date.now() - at) / 60000)),
        }
      );
    } catch {
      // Storage is forbidden, or its text is malformed.
    }
  };
  const ago = (minutes) =>
    minutes < 60 ? t("{n} min", { n: minutes }) : t("{n} h", { n: Math.floor(minutes / 60) });
  const updated = (age) =>
    age == null ? t("Updating…") : age ? t("Updated {time} ago", { time: ago(age) }) : t("Updated just now");

  const paint = () => {
    const inside = JSON.parse(document.getElementById("fallback")?.textContent ?? "{}");
    const { number, info, person, calls: found, age } = inside.calls ? inside : lastKnown() || {};
    const main = document.getElementById("main");
    if (!main || !info || !(found?.length || isFiltered)) return;
    const isWide = matchMedia("(min-width: 75rem)").matches;
    // Minimum height of a row, for touch.
    const seen = Math.ceil(innerHeight / 44);
    const list = (entries) => days(entries, canonical(info), info.country);
    const [before, after] = t("Newest first. Times in {zone}.", { zone: "\n" }).split("\n");
    document.title = `${person ? heading("", person, info) : heading("", info)} · Calls`;
    main.innerHTML = html`<div class="columns">
      <div class="title">${title(number, info, person && canonical(person), person)}</div>
      <section class="filters" aria-label="${t("Filters")}"></section>
      <div class="chosen">
        ${isFiltered && html`<a class="clear" href="${location.pathname}">${t("Clear filters")}</a>`}
      </div>
      <section class="summary" inert>
        <details ${isWide && "open"}>
          <summary><h2>${t("Summary")}</h2></summary>
        </details>
      </section>
      <p class="list-note">
        <span>${before}<span lang="${locale}">${zone()}</span>${after}</span
        ><span class="freshness">${updated(age)}</span
        >${!isFiltered && !person && html`<a class="export" href="${base}/api/calls/${encode(number)}?format=csv" download aria-label="${t("Save as CSV")}">${icon("download")}<span class="export-long">${t("Save as CSV")}</span><span class="export-short">CSV</span></a>`}
      </p>
      <div class="list-area" id="calls" tabindex="-1">
        <div class="days">${found && list(found.slice(0, seen))}</div>
      </div>
    </div>`.raw;
    filters(main.querySelector(".filters"));
    document.querySelector(".skip").hash = "calls";
    // Rows below the window are added after those in it.
    const shown = main.querySelector(".days");
    if (found?.length > seen) afterPaint(() => shown.isConnected && (shown.innerHTML = write(list(found))));
  };

  // The form of the filters, with links and fields that work without the program.
  const filters = (section) => {
    section.append(document.getElementById("filters").content.cloneNode(true));
    for (const link of section.querySelectorAll("a")) {
      const { show, period } = link.dataset;
      const to = new URLSearchParams(chosen);
      for (const name of show == null ? ["period", "from", "to"] : ["outcome", "returned", "direction"])
        to.delete(name);
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
      else
        elements.q.insertAdjacentHTML(
          "afterend",
          html`<input type="hidden" name="${name}" value="${value}" />`.raw,
        );
    }
    section.querySelector(".more").open = matchMedia("(min-width: 44rem)").matches;
  };

  paint();
}
