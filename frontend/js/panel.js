// The panel of a call over the list: time, ring and talk time, disposition, line, and note.
{
  const {
    t,
    html,
    write,
    icon,
    encode,
    ask,
    locale,
    breakable,
    heading,
    label,
    outcome,
    person,
    isIdentified,
    briefly,
    inWords,
    actions,
    timeZone,
    base,
  } = calls;

  const inZone = (at, timeZone) => {
    const date = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
    const time = { hour: "numeric", minute: "2-digit", second: "2-digit", timeZoneName: "short" };
    return new Intl.DateTimeFormat(locale, { ...date, ...time, timeZone }).format(at);
  };
  const seconds = (text) =>
    html`<span title="${inWords(Math.round(text * 1000))}">${briefly(Math.round(text * 1000))}</span>`;
  let dialog;
  let leave = () => {};

  const facts = (call, number) => {
    const { details = {} } = call;
    const at = new Date(call.created_at);
    const isUtc = timeZone === "UTC";
    const returned = details.returned_at && new Date(details.returned_at);
    const via =
      details.via &&
      html`<a href="${base}/calls/${encode(details.via)}"
        ><bdi data-number="${details.via}">${details.via}</bdi></a
      >`;
    return [
      [t("Outcome"), outcome(call)],
      [t("Your time"), inZone(at, timeZone)],
      [t("Coordinated time"), !isUtc && inZone(at, "UTC")],
      [t("Rang for"), details.ring_time && seconds(details.ring_time)],
      [t("Spoke for"), call.duration && seconds(call.duration)],
      [t("Spoke next"), returned && inZone(returned, timeZone)],
      [t("Via"), via],
      [t("Line"), details.number && html`<bdi data-number="${details.number}">${details.number}</bdi>`],
    ].filter(([, fact]) => fact);
  };
  // Formats the owner's numbers, once the API has returned their spelling.
  const spell = async (place) => {
    const { number } = place.dataset;
    const { data } = await ask(`${base}/api/numbers/${encode(number)}`).catch(() => ({}));
    if (data) place.textContent = heading(number, data);
  };

  // The neighbouring calls in the list, if they are loaded.
  const neighbours = (id) => {
    const rows = [...document.querySelectorAll("main [data-call]")];
    const at = rows.findIndex((row) => row.dataset.call === id);
    if (at < 0) return;
    const way = (row, text) => {
      if (!row) return;
      const search = new URLSearchParams(location.search);
      search.set("call", row.dataset.call);
      return html`<a class="button quiet" href="${location.pathname}?${search}" data-noscroll>${text}</a>`;
    };
    return html`<p class="panel-ways">
      ${way(rows[at - 1], t("Newer call"))}${way(rows[at + 1], t("Older call"))}
    </p>`;
  };

  const content = (call, number) => {
    const { text, notes } = label(call);
    const { counterparty, details = {} } = call;
    const who = isIdentified(counterparty)
      ? html`<a href="${person(details.number ?? number, counterparty)}"><bdi>${breakable(text)}</bdi></a>`
      : text;
    return html`<h2 id="panel-heading">${who}</h2>
      ${notes.length > 0 && html`<p class="line-beneath">${notes.map((note) => html`<bdi>${note}</bdi>`)}</p>`}
      ${actions(counterparty, text)}
      <dl class="found">
        ${facts(call, number).map(
          ([name, fact]) =>
            html`<dt>${name}</dt>
              <dd>${fact}</dd>`,
        )}
      </dl>
      <form class="panel-note">
        <label for="note">${t("Note")}</label
        ><textarea id="note" name="note" maxlength="2000" rows="3">${details.note?.text}</textarea>
        <button class="button quiet" type="submit">${t("Save the note")}</button
        ><span class="hint" role="status"></span>
      </form>
      ${neighbours(call.id)}`;
  };

  const show = async (number, id) => {
    const body = dialog.querySelector(".panel-body");
    body.innerHTML = write(html`<p class="hint">${t("Loading…")}</p>`);
    try {
      const address = `${base}/api/calls/${encode(number)}/${encode(id)}`;
      const { data } = await ask(address);
      if (dialog.dataset.shown !== id) return;
      body.innerHTML = write(content(data, number));
      body.querySelectorAll("[data-number]").forEach(spell);
      body.querySelector("form").addEventListener("submit", async (event) => {
        event.preventDefault();
        const said = event.target.querySelector(".hint");
        const text = event.target.elements.note.value.trim();
        const request = text
          ? { method: "PUT", body: { text, tags: data.details?.note?.tags ?? [] } }
          : { method: "DELETE" };
        said.textContent = await ask(`${address}/note`, request).then(
          () => t("Saved"),
          (error) => error.message,
        );
      });
    } catch (error) {
      body.innerHTML = write(
        html`<p class="field-error" role="alert">
          ${error.status === 404 ? t("This call is not there any more.") : error.message}
        </p>`,
      );
    }
  };

  const details = (row) => row?.querySelector("a.call-time");
  // Enter on a row clicks the link of its time, whose address has the current filter.
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.("[data-call]")) return;
    // Otherwise the same key would press the panel's first button, which is focused by then.
    event.preventDefault();
    details(event.target)?.click();
  });
  const readdress = ({ target }) => {
    const link = target.closest?.("a.call-time");
    if (!link || !link.getAttribute("href").startsWith("?")) return;
    const search = new URLSearchParams(location.search);
    search.set("call", link.closest("[data-call]").dataset.call);
    link.href = `?${search}`;
  };
  addEventListener("click", readdress, true);

  calls.panel = (number, id, back) => {
    if (!id) {
      leave = () => {};
      dialog?.close();
      return;
    }
    if (!dialog) {
      document.body.insertAdjacentHTML(
        "beforeend",
        html`<dialog class="panel" aria-labelledby="panel-heading">
          <form method="dialog">
            <button class="tool" aria-label="${t("Close")}" title="${t("Close")}">${icon("close")}</button>
          </form>
          <div class="panel-body"></div>
        </dialog>`.raw,
      );
      dialog = document.body.lastElementChild;
      dialog.addEventListener("close", () => leave());
      dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
    }
    const opener = document.activeElement?.closest?.("[data-call]");
    leave = () => {
      leave = () => {};
      // Opens the address without the call by a link, which the program handles.
      const link = document.createElement("a");
      link.href = back;
      link.dataset.noscroll = "";
      document.body.append(link);
      link.click();
      link.remove();
      (document.querySelector(`[data-call="${CSS.escape(id)}"]`) ?? opener)?.focus({ preventScroll: true });
    };
    dialog.dataset.shown = id;
    if (!dialog.open) dialog.showModal();
    show(number, id);
  };
  if (calls.asked) calls.panel(...calls.asked);
}
