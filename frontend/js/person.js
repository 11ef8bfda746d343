// Facts on a person's page: first and last call, answer rates in both directions, and the best time to call.
{
  const { t, html, write, encode, ask, beside, timeElement, timeZone, locale, base } = calls;
  /** How long an answer is as good as new, in milliseconds. */
  const FRESH = 30000;
  /** Calls to a person below which no time is the best one. */
  const FEW = 3;
  /** Months that are drawn at most. */
  const MONTHS = 12;

  const percent = new Intl.NumberFormat(locale, { style: "percent" });
  const inUtc = (options) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
  const weekdays = inUtc({ weekday: "long" });
  const hours = inUtc({ hour: "numeric" });
  const month = inUtc({ month: "short", year: "numeric" });
  // 1970-01-05 was a Monday.
  const weekday = (day) => weekdays.format(Date.UTC(1970, 0, 4 + day));
  const hour = (hour) => hours.formatRange(Date.UTC(1970, 0, 1, hour), Date.UTC(1970, 0, 1, hour + 1));

  const at = (text) => {
    const at = new Date(text);
    return timeElement(at, beside(at));
  };
  const rate = ({ answered, missed, answer_rate: rate }) => {
    if (rate == null) return;
    // Isolated from adjacent numbers, whose order differs in right-to-left text.
    const values = { rate: `\u2068${percent.format(rate)}\u2069`, answered, calls: answered + missed };
    return t("{rate}, {answered} of {calls}", values);
  };
  const best = ({ hours, weekdays }, { answered, missed }) =>
    answered > 0 && answered + missed >= FEW && `${weekday(weekdays[0].weekday)} · ${hour(hours[0].hour)}`;

  // A bar per month, including months without calls.
  const byMonth = (months) => {
    if (months.length < 2) return;
    const index = ({ month }) => month.slice(0, 4) * 12 + Number(month.slice(5)) - 1;
    const last = index(months.at(-1));
    const first = Math.max(index(months[0]), last - MONTHS + 1);
    const shown = months.filter((one) => index(one) >= first);
    const top = Math.max(...shown.map(({ calls }) => calls));
    const name = ({ month: text }) => month.format(new Date(`${text}-01`));
    const bar = (one) => {
      if (!one) return html`<span></span>`;
      const [year, number] = one.month.split("-");
      const days = new Date(Date.UTC(year, number, 0)).getUTCDate();
      const height = Math.max(2, Math.round((one.calls / top) * 24));
      const label = `${name(one)}: ${t("{n} calls", { n: one.calls })}`;
      // One of them is a tab stop; arrow keys move between them.
      return html`<a
        href="${location.pathname}?from=${one.month}-01&to=${one.month}-${days}"
        aria-label="${label}"
        title="${label}"
        tabindex="${one === shown.at(-1) ? 0 : -1}"
        data-noscroll
        ><svg viewBox="0 0 3 24" preserveAspectRatio="none" aria-hidden="true">
          <path d="M0 24v-${height}h3v${height}z" /></svg
      ></a>`;
    };
    const bars = Array.from({ length: last - first + 1 }, (_, at) =>
      bar(shown.find((one) => index(one) === first + at)),
    );
    return html`<span class="by-month">${bars}</span
      ><span class="by-month-ends">${name(shown[0])} – ${name(shown.at(-1))}</span>`;
  };
  addEventListener("keydown", (event) => {
    const bar = event.target.closest?.(".by-month a");
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!bar || !step) return;
    event.preventDefault();
    const bars = [...bar.parentElement.querySelectorAll("a")];
    const next = bars[bars.indexOf(bar) + step];
    if (!next) return;
    bar.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  const facts = ({ calls: all, first_call: first, last_call: last, ...summary }) => {
    if (all === 0) return;
    const { inbound, outbound, best_times: times, months } = summary;
    const entries = [
      [t("First call"), all > 1 && at(first)],
      [t("Last call"), at(last)],
      [t("Answer you"), rate(outbound)],
      [t("You answer"), rate(inbound)],
      [t("Best reached"), best(times, outbound)],
      [t("By month"), byMonth(months), "months"],
    ];
    return html`<dl>
      ${entries
        .filter(([, fact]) => fact)
        .map(
          ([name, fact, className]) =>
            html`<div class="${className}">
              <dt>${name}</dt>
              <dd>${fact}</dd>
            </div>`,
        )}
    </dl>`;
  };

  // By owner and person: time of the request, and the HTML once it has arrived.
  const known = new Map();
  const path = (owner, party) => `${base}/api/calls/${encode(owner)}/with/${encode(party)}/summary`;
  const load = async (address) => {
    const entry = { at: Date.now(), html: known.get(address)?.html };
    known.set(address, entry);
    const { data } = await ask(`${address}?tz=${encode(timeZone)}`).catch(() => ({}));
    if (!data) return known.delete(address);
    entry.html = facts(data);
    show(address);
  };
  let shown;
  const show = (address) => {
    const place = document.querySelector(".title .known");
    if (place && shown === address) place.innerHTML = write(known.get(address)?.html);
  };
  calls.known = (owner, party) => {
    const address = path(owner, party);
    shown = address;
    if (!(Date.now() - known.get(address)?.at < FRESH)) load(address);
    return known.get(address)?.html;
  };
  // The title may have been rendered before this script was loaded.
  const [, owner, party] =
    location.pathname.slice(base.length).match(/^\/calls\/([^/]+)\/with\/([^/]+)$/) ?? [];
  if (party) {
    calls.known(decodeURIComponent(owner), decodeURIComponent(party));
    show(shown);
  }
}
