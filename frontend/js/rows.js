// Formats calls, parties and times, for the first rows, the program (script.rs) and the other pages.
{
  const { t, locale, html, icon, encode, base } = calls;

  const format = (options) => new Intl.DateTimeFormat(locale, options);
  const time = format({ timeStyle: "short" });
  const inFull = format({ dateStyle: "full", timeStyle: "long" });
  const date = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const monthAndDay = format({ month: "short", day: "numeric" });
  const shortDate = format({ dateStyle: "medium" });
  const countries = new Intl.DisplayNames(locale, { type: "region" });
  const { timeZone } = time.resolvedOptions();
  const countryName = (country) => (/^[a-z]{2}$/i.test(country) ? countries.of(country) : country);
  const day = (at) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());

  // `9:05 PM` on the day itself, `Jan 31` in the same year, else `Jan 31, 2024`.
  const beside = (at, other = new Date()) => {
    if (day(at) === day(other)) return time.format(at);
    return (at.getFullYear() === other.getFullYear() ? monthAndDay : shortDate).format(at);
  };
  const timeElement = (at, text, className) =>
    html`<time
      ${className && html`class="${className}"`}
      datetime="${at.toISOString()}"
      title="${inFull.format(at)}"
      lang="${locale}"
      >${text}</time
    >`;

  // Units in words are from `Intl`: `1 hour`, `12 Minuten`.
  const units = {};
  const unit = (name, count) => {
    units[name] ??= new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long" });
    return units[name].format(count);
  };
  const belowAMinute = (ms, seconds) => (!seconds && ms ? t("less than a second") : unit("second", seconds));
  const join = (big, small) => (small ? `${big} ${small}` : big);
  // A duration in words: `37 seconds`, `3 min 35 s`, `1 h 12 min`.
  const briefly = (ms) => {
    const seconds = Math.floor((ms + 500) / 1000);
    const minutes = Math.floor((ms + 30000) / 60000);
    if (seconds < 60) return belowAMinute(ms, seconds);
    if (seconds < 3600)
      return join(
        t("{n} min", { n: Math.floor(seconds / 60) }),
        seconds % 60 && t("{n} s", { n: seconds % 60 }),
      );
    const hours = t("{n} h", { n: Math.floor(minutes / 60) });
    return ms < 360000000 ? join(hours, minutes % 60 && t("{n} min", { n: minutes % 60 })) : hours;
  };
  // A waiting time.
  const wait = (ms) => (ms < 172800000 ? briefly(ms) : unit("day", Math.floor(ms / 86400000)));
  // In full, for screen readers: `1 hour 12 minutes 40 seconds`.
  const inWords = (ms) => {
    const seconds = Math.floor((ms + 500) / 1000);
    if (seconds < 60) return belowAMinute(ms, seconds);
    const parts = [
      ["hour", Math.floor(seconds / 3600)],
      ["minute", Math.floor(seconds / 60) % 60],
      ["second", seconds % 60],
    ];
    return parts
      .filter(([, count]) => count)
      .map(([name, count]) => unit(name, count))
      .join(" ");
  };
  const duration = (text) => {
    const ms = Math.round(text * 1000);
    return html`<time class="call-duration" datetime="PT${text}S"
      ><span aria-hidden="true">${briefly(ms)}</span><span class="visually-hidden">${inWords(ms)}</span></time
    >`;
  };

  const address = (uri) => uri.slice(uri.indexOf(":") + 1);
  const isIdentified = (party) => party !== "withheld" && party !== "unknown";
  const isSip = (party) => /^sips?:/.test(party);
  // Spelling of a party. `known` is its spelling, `home` the country whose numbers have the national format.
  const spelling = (party, known, home, isOutbound) => {
    if (party === "withheld") return t("Withheld number");
    if (party === "unknown") return isOutbound ? t("Unknown number") : t("Unknown caller");
    if (known) return known.country && known.country === home ? known.national : known.international;
    return isSip(party) ? address(party) : party;
  };
  // Texts of the counterparty: its name or number, and additional facts: the number of a name, a country, a
  // kind.
  const label = ({ counterparty, type, details = {} }, home) => {
    const { counterparty: known, name } = details;
    const text = spelling(counterparty, known, home, type.endsWith("Outbound"));
    const country = known?.country;
    const abroad = country && country !== home && countryName(country);
    const kind =
      !known && (isSip(counterparty) ? t("SIP address") : /^[*#]/.test(counterparty) && t("Feature code"));
    return {
      text: name ?? text,
      number: text,
      notes: [line(details.number), name && text, abroad, kind].filter(Boolean),
      title: country && countryName(country),
    };
  };
  // An address with line break opportunities, because it has no spaces.
  const breakable = (text) =>
    text.split(/(?=[@.])/).map((part, index) => html`${index > 0 && html`<wbr />`}${part}`);
  // A line by its name or spelling, if the script of the page knows it.
  const line = (number) => calls.lines?.get(number) ?? number;
  const person = (owner, party) => `${base}/calls/${encode(owner)}/with/${encode(party)}`;

  const TYPES = {
    "Completed Inbound": t("Inbound"),
    "Missed Inbound": t("Missed"),
    "Completed Outbound": t("Outbound"),
    "Missed Outbound": t("No answer"),
  };
  const INBOUND = {
    voicemail: t("Voicemail"),
    answered_elsewhere: t("Answered by another phone"),
    blocked: t("Blocked"),
    rejected: t("Declined"),
    busy: t("Missed while busy"),
  };
  const OUTBOUND = {
    voicemail: t("Voicemail"),
    busy: t("Busy"),
    rejected: t("Declined"),
    blocked: t("Blocked"),
    failed: t("Not connected"),
    cancelled: t("Cancelled"),
    answered_elsewhere: t("Answered by another phone"),
  };
  // Whether a missed call is not returnable.
  const isSettled = (disposition) => disposition === "blocked" || disposition === "answered_elsewhere";
  // Outcome of a call, as a word.
  const outcome = ({ type, details = {} }) => {
    const words = type === "Missed Inbound" ? INBOUND : type === "Missed Outbound" ? OUTBOUND : {};
    return words[details.disposition] ?? TYPES[type];
  };

  const returned = ({ counterparty, type, details = {} }, missedAt) => {
    if (type !== "Missed Inbound" || !isIdentified(counterparty)) return;
    if (!details.returned_at) {
      return !isSettled(details.disposition) && html`<span class="call-returned">${t("Not returned")}</span>`;
    }
    const at = new Date(details.returned_at);
    const [before, after] = t("Spoke {time}", { time: "\n" }).split("\n");
    return html`<span class="call-returned" data-returned=""
      >${before}${timeElement(at, beside(at, missedAt))}${after}</span
    >`;
  };
  const actions = (party, text) => {
    const call =
      party.startsWith("+") &&
      html`<a
        class="row-action"
        href="tel:${party}"
        rel="external"
        aria-label="${t("Call {name}", { name: text })}"
        title="${t("Call")}"
        >${icon("phone")}</a
      >`;
    // The clipboard is available to pages from HTTPS or localhost.
    const copy =
      isIdentified(party) &&
      isSecureContext &&
      html`<button
        class="row-action"
        type="button"
        aria-label="${t("Copy {name}", { name: text })}"
        title="${t("Copy")}"
        data-copy="${party}"
      >
        ${icon("copy")}
      </button>`;
    return html`<span class="row-actions">${call}${copy}</span>`;
  };

  // Address of a call's panel, over the current list, or over that of its line.
  const panel = ({ id, details }) => {
    const search = new URLSearchParams(details?.number ? "" : location.search);
    search.set("call", id);
    return `${details?.number ? `${base}/calls/${encode(details.number)}` : ""}?${search}`;
  };

  // Content of a call's row in reading order: party, outcome, duration, time. `owner` is the owner of the
  // history, `home` the owner's country, `when` the text of the time.
  const row = (call, owner, home, when = time.format(new Date(call.created_at))) => {
    const at = new Date(call.created_at);
    const { counterparty, type } = call;
    const { text, notes, title } = label(call, home);
    const long = isSip(counterparty) && !call.details?.name && " long";
    const party = isIdentified(counterparty)
      ? html`<span class="call-party${long}"
          ><a href="${person(call.details?.number ?? owner, counterparty)}" title="${title}"
            ><bdi>${long ? breakable(text) : text}</bdi></a
          ></span
        >`
      : html`<span class="call-party hidden-party">${text}</span>`;
    const note =
      notes.length > 0 &&
      html`<span class="call-note"
        >${notes.map((note, index) => html`${index > 0 && " · "}<bdi>${note}</bdi>`)}</span
      >`;
    return html`<span class="call-icon">${icon(type.toLowerCase().replace(" ", "-"))}</span>${party}<span
        class="call-meta"
        ><span class="call-type-text${isSettled(call.details?.disposition) && " is-settled"}"
          >${outcome(call)}</span
        >${note}</span
      >${call.duration && duration(call.duration)}${returned(call, at)}<a
        class="call-time"
        href="${panel(call)}"
        data-noscroll
        >${timeElement(at, when)}</a
      >${actions(counterparty, text)}`;
  };

  const KINDS = {
    fixed_line: t("Landline"),
    mobile: t("Mobile"),
    fixed_line_or_mobile: t("Landline or mobile"),
    toll_free: t("Toll-free"),
    premium_rate: t("Premium rate"),
    shared_cost: t("Shared cost"),
    voip: t("Internet telephone (VoIP)"),
    personal: t("Personal number"),
    pager: t("Pager"),
    uan: t("Company number"),
    voicemail: t("Voicemail"),
    unassigned: t("Unassigned number"),
    sip: t("SIP address"),
  };
  const local = (code) => (/^[*#]/.test(code) ? t("Feature code") : t("Extension or short code"));
  const kind = (info) => KINDS[info.kind] ?? local(info.international);
  const canonical = (info) => info.e164 ?? info.international;
  const written = (text) => (isSip(text) ? address(text) : text);
  // Spelling of a number on its own page, or with `home` on another one.
  const numberText = ({ country, national, international }, home) =>
    country && country === home ? national : written(international);
  // The heading of a number's page, or of a person's page of the `owner`. `number` is from the address, until
  // `info` arrives.
  const heading = (number, info, owner) =>
    info?.name ?? (info ? numberText(info, owner?.country) : written(number));
  // Facts about a number in small print, with labels.
  const facts = (info, owner) => {
    const region = info.country
      ? countryName(info.country)
      : info.e164 && t("Country code {code}", { code: info.international.split(" ", 1)[0] });
    const facts = [
      [t("Number"), info.name && numberText(info, owner?.country)],
      [t("Label"), info.label],
      [t("Country"), region],
      [t("Kind"), !info.name && kind(info)],
    ];
    return facts
      .filter(([, fact]) => fact)
      .map(
        ([name, fact]) =>
          html`<div>
            <dt class="visually-hidden">${name}</dt>
            <dd><bdi>${fact}</bdi></dd>
          </div>`,
      );
  };

  // Content of the title of a number's page, or of a person's page. Any `info` may not have arrived.
  const title = (number, info, party, person) => {
    const of = party ? person : info;
    const name = party ? heading(party, person, info) : heading(number, info);
    const [before, after] = t("Calls with {name}", { name: "\n" }).split("\n");
    const owner =
      party &&
      html`<p class="person-of">
        <a href="${base}/calls/${encode(info ? canonical(info) : number)}"
          >${before}<bdi>${heading(number, info)}</bdi>${after}</a
        >
      </p>`;
    const back =
      !party &&
      info &&
      html`<a class="to-call-back" href="${base}/calls/${encode(canonical(info))}/callbacks" rel="external"
        >${t("To call back")}</a
      >`;
    const links =
      party &&
      html`<p class="person-links">
        ${actions(party, name)}<a href="${base}/calls/${encode(party)}">${t("All calls of this number")}</a>
      </p>`;
    return html`${owner}
      <div class="heading-line">
        <h1 tabindex="-1" data-key="title heading"><bdi>${name}</bdi></h1>
        ${back}
      </div>
      <dl class="facts">${of && facts(of, party && info)}</dl>
      ${links}${party && html`<div class="known">${calls.known?.(info ? canonical(info) : number, party)}</div>`}`;
  };

  Object.assign(calls, {
    actions,
    address,
    beside,
    breakable,
    briefly,
    canonical,
    countryName,
    date,
    day,
    facts,
    heading,
    inFull,
    inWords,
    isIdentified,
    isSip,
    kind,
    label,
    numberText,
    outcome,
    person,
    row,
    spelling,
    time,
    timeElement,
    timeZone,
    title,
    wait,
  });
}
