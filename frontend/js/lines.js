// Several lines as one list: `/lines/Family`, or `/lines?number=A&number=B`. `/lines` alone lists the named
// sets.
{
  const { t, html, write, icon, encode, ask, follow, row, date, day, locale, heading, base } = calls;

  // Names of the lines, by number, for the rows.
  const known = new Map();
  calls.lines = new Map();
  /** Lines of which more than the number is asked for. */
  const MOST = 50;
  const learn = async (numbers) => {
    const request = async (number) => {
      const { data } = await ask(`${base}/api/numbers/${encode(number)}`).catch(() => ({}));
      if (data) known.set(number, data);
    };
    await Promise.all(numbers.filter((number) => !known.has(number)).map(request));
    calls.lines = new Map([...known].map(([number, info]) => [number, heading(number, info)]));
  };

  const start = () => {
    const main = document.getElementById("main");
    const set = decodeURIComponent(location.pathname.slice(base.length).replace(/^\/lines\/?/, ""));
    const chosen = new URLSearchParams(location.search);
    const numbers = set ? [`@${set}`] : chosen.getAll("number");
    main.className = "lines-page";
    const title = () =>
      set || numbers.map((number) => calls.lines.get(number) ?? number).join(", ") || t("Lines");
    document.title = `${title()} · Calls`;
    main.innerHTML = html`<div class="title">
        <h1 tabindex="-1"><bdi>${title()}</bdi></h1>
      </div>
      <p class="field-error lines-error" role="alert"></p>
      <div class="list-area" id="calls" tabindex="-1"></div>`.raw;
    const area = main.querySelector(".list-area");
    const done = (state) =>
      Object.assign(main, { ariaBusy: "false" }).dataset && (main.dataset.state = state);
    const fail = (error) => {
      main.querySelector(".lines-error").textContent = error.message;
      done("error");
    };
    // By name, once known.
    learn(numbers.filter((number) => !number.startsWith("@")).slice(0, MOST)).then(() => {
      document.title = `${title()} · Calls`;
      main.querySelector("h1 bdi").textContent = title();
    });
    if (numbers.length > 0) showCalls({ main, area, numbers, chosen, done, fail });
    else showSets({ area, done }).catch(fail);
  };

  const showSets = async ({ area, done }) => {
    const { data } = await ask(`${base}/api/lines`);
    const sets = Array.isArray(data) ? data : data.lines;
    await learn([...new Set(sets.flatMap(({ numbers }) => numbers))].slice(0, MOST));
    area.innerHTML = write(
      sets.length > 0
        ? html`<ol class="lines" role="list">
            ${sets.map(
              ({ name, numbers }) =>
                html`<li class="line">
                  <a class="line-link" href="${base}/lines/${encode(name)}"><bdi>${name}</bdi></a>
                  <span class="line-beneath"
                    >${numbers.map((number) => html`<bdi>${calls.lines.get(number) ?? number}</bdi>`)}</span
                  >
                </li>`,
            )}
          </ol>`
        : html`<div class="message">
            <h2>${t("No lines have a name yet")}</h2>
            <p>${t("Give several numbers one name:")}</p>
            <pre><code>calls lines set Family +12025550123 +12025550124</code></pre>
          </div>`,
    );
    done("ready");
  };

  const showCalls = ({ main, area, numbers, chosen, done, fail }) => {
    const FILTERS = [
      ["", t("All")],
      ["outcome=missed&direction=inbound", t("Missed")],
      ["returned=false", t("Not returned")],
      ["direction=inbound", t("Inbound")],
      ["direction=outbound", t("Outbound")],
    ];
    const shown = new URLSearchParams(
      [...chosen].filter(([name]) => ["outcome", "direction", "returned", "q"].includes(name)),
    );
    const query = new URLSearchParams([...numbers.map((number) => ["number", number]), ...shown]);
    const own = new URLSearchParams([...chosen].filter(([name]) => name === "number"));
    const chip = ([filter, text]) => {
      const to = `${new URLSearchParams([...own, ...new URLSearchParams(filter)])}`;
      return html`<a
        class="chip"
        href="${location.pathname}${to && `?${to}`}"
        ${`${shown}` === filter && html`aria-current="true"`}
        >${text}</a
      >`;
    };
    area.insertAdjacentHTML(
      "beforebegin",
      html`<div class="chips" role="group" aria-label="${t("Type of call")}">${FILTERS.map(chip)}</div>
        <form class="lines-search" role="search" aria-label="${t("Calls of this history")}">
          ${[...chosen].filter(([name]) => name !== "q").map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}<div
            class="search"
          >
            <label class="visually-hidden" for="search">${t("Calls with: name or number")}</label
            >${icon("search")}<input
              id="search"
              name="q"
              type="search"
              value="${chosen.get("q")}"
              placeholder="${t("Name or number")}"
              autocomplete="off"
              aria-keyshortcuts="/"
            />
          </div>
        </form>`.raw,
    );
    let entries = [];
    let next;
    const item = (call) =>
      html`<li class="call" tabindex="-1" data-call="${call.id}" data-type="${call.type}">
        ${row(call, call.details?.number ?? numbers[0], known.get(call.details?.number)?.country)}
      </li>`;
    const days = () => {
      const groups = Map.groupBy ? Map.groupBy(entries, (call) => day(new Date(call.created_at))) : new Map();
      return [...groups].map(
        ([midnight, group]) =>
          html`<section class="day">
            <h2 class="day-heading"><time lang="${locale}">${date.format(midnight)}</time></h2>
            <ol class="day-calls" role="list">
              ${group.map(item)}
            </ol>
          </section>`,
      );
    };
    // Adds the names of lines to the rows, once known.
    const name = async () => {
      const unknown = [...new Set(entries.map((call) => call.details?.number))].filter(
        (number) => number && !known.has(number),
      );
      if (unknown.length === 0) return;
      await learn(unknown.slice(0, MOST));
      const focused = document.activeElement.closest("[data-call]")?.dataset.call;
      render();
      if (focused) area.querySelector(`[data-call="${focused}"]`)?.focus({ preventScroll: true });
    };
    const render = () => {
      const nothing = html`<div class="message"><h2>${t("No calls match")}</h2></div>`;
      area.innerHTML =
        write(entries.length > 0 ? html`<div class="days">${days()}</div>` : nothing) +
        write(
          next &&
            html`<div class="older">
              <button class="button quiet" type="button">${t("Show older calls")}</button>
            </div>`,
        );
      done(entries.length > 0 ? "ready" : "no-match");
    };
    const load = async () => {
      try {
        const answer = await ask(`${base}/api/calls?${query}&include=details&limit=100`);
        // Older calls stay.
        const oldest = answer.data.at(-1)?.created_at;
        const older = entries.length > 100 ? entries.filter((call) => call.created_at < oldest) : [];
        if (older.length === 0) next = answer.next;
        entries = [...answer.data, ...older];
        render();
        await name();
      } catch (error) {
        fail(error);
      }
    };
    area.addEventListener("click", async ({ target }) => {
      if (!target.matches(".older button")) return;
      try {
        const answer = await ask(next);
        const [first] = answer.data;
        ({ next } = answer);
        entries.push(...answer.data);
        render();
        await name();
        area.querySelector(`[data-call="${first?.id}"]`)?.focus();
      } catch (error) {
        fail(error);
      }
    });
    follow(
      `${base}/api/calls/events?${new URLSearchParams(numbers.map((number) => ["number", number]))}`,
      load,
    );
    load();
  };
  if (document.getElementById("lines")) start();
}
