// The callback queue: an entry for each person with missed calls since the two last spoke.
{
  const {
    t,
    html,
    write,
    icon,
    encode,
    ask,
    follow,
    heading,
    canonical,
    outcome,
    person,
    spelling,
    beside,
    timeElement,
    wait,
    base,
  } = calls;

  const inside = JSON.parse(document.getElementById("callbacks")?.textContent ?? "null");
  const start = ({ info }) => {
    const main = document.getElementById("main");
    const number = canonical(info);
    const address = `${base}/api/calls/${encode(number)}/callbacks`;
    const name = heading(number, info);
    const channel = new BroadcastChannel("calls.callbacks");
    const chosen = new URLSearchParams(location.search);
    // People that this tab has marked done: they stay in place, for undo, until the page is reloaded.
    const marked = new Map();
    let queue;

    const waited = (since) => wait(Math.max(0, Math.round((Date.now() - new Date(since)) / 60000)) * 60000);
    const who = (entry) => entry.name ?? spelling(entry.counterparty, entry.details, info.country);
    const ends = ({ dispositions }) =>
      (dispositions ?? [])
        .filter(({ disposition }) => disposition !== "no_answer")
        .map(({ disposition, calls }) => {
          const word = outcome({ type: "Missed Inbound", details: { disposition } });
          return html`<span>${calls > 1 ? `${word} × ${calls}` : word}</span>`;
        });
    const item = (entry) => {
      const text = who(entry);
      const last = new Date(entry.last_attempt);
      const number_ = entry.name && spelling(entry.counterparty, entry.details, info.country);
      const [before, after] = t("last {time}", { time: "\n" }).split("\n");
      const isDone = entry.done_at || marked.has(entry.counterparty);
      const call =
        entry.counterparty.startsWith("+") &&
        html`<a
          class="button"
          href="tel:${entry.counterparty}"
          aria-label="${t("Call {name}", { name: text })}"
          >${icon("phone")}<span>${t("Call")}</span></a
        >`;
      const button = isDone
        ? html`<button
            class="button quiet"
            type="button"
            data-undo="${entry.counterparty}"
            aria-label="${t("Undo: {name}", { name: text })}"
          >
            ${t("Undo")}
          </button>`
        : html`<button
            class="button quiet"
            type="button"
            data-done="${entry.counterparty}"
            aria-label="${t("Done: {name}", { name: text })}"
          >
            ${icon("done")}<span>${t("Done")}</span>
          </button>`;
      return html`<li class="callback ${isDone && "is-done"}" data-party="${entry.counterparty}">
        <a class="line-link" href="${person(number, entry.counterparty)}"><bdi>${text}</bdi></a>
        <span class="line-beneath"
          >${number_ && html`<bdi>${number_}</bdi>`}<span>${t("{n} attempts", { n: entry.attempts })}</span
          ><span>${before}${timeElement(last, beside(last))}${after}</span>${ends(entry)}</span
        >
        <span class="waiting"
          >${isDone ? t("Done") : t("waiting {time}", { time: waited(entry.waiting_since) })}</span
        >
        <form class="callback-note">
          <label class="visually-hidden" for="note-${entry.counterparty}"
            >${t("Note about {name}", { name: text })}</label
          ><input
            id="note-${entry.counterparty}"
            name="note"
            maxlength="2000"
            value="${entry.note}"
            placeholder="${t("Add a note")}"
            autocomplete="off"
          />
        </form>
        <span class="callback-actions">${call}${button}</span>
      </li>`;
    };
    const link = (name, value, text) => {
      const to = new URLSearchParams(chosen);
      to.delete(name);
      if (value) to.set(name, value);
      const isChosen = (chosen.get(name) ?? "") === value;
      return html`<a
        class="chip"
        href="${location.pathname}${[...to].length > 0 && `?${to}`}"
        ${isChosen && html`aria-current="true"`}
        >${text}</a
      >`;
    };
    const isDoneList = chosen.get("done") === "true";
    const withheld = ({ calls, last }) => {
      if (!(calls > 0) || isDoneList) return;
      const at = new Date(last);
      const [before, after] = t("The last one was {time}. Nobody can call them back.", { time: "\n" }).split(
        "\n",
      );
      return html`<p class="hint">
        ${t("{n} calls with a withheld number", { n: calls })}.
        ${before}${timeElement(at, beside(at))}${after}
      </p>`;
    };
    const nobody = () =>
      html`<div class="message">
        ${icon("done")}
        <h2>${isDoneList ? t("Nobody is marked as done") : t("Nobody waits for a call back")}</h2>
      </div>`;

    const render = () => {
      // People that this tab has marked done stay in place.
      const entries = [...queue.callbacks];
      for (const { entry, place } of marked.values()) {
        if (!entries.some(({ counterparty }) => counterparty === entry.counterparty))
          entries.splice(place, 0, entry);
      }
      const list = main.querySelector(".queue");
      const focused = document.activeElement;
      const party = focused.closest("[data-party]")?.dataset.party;
      // Text that is being typed must not be lost.
      if (focused.matches(".callback-note input") && focused.value !== focused.defaultValue) return;
      list.innerHTML =
        write(
          entries.length > 0
            ? html`<ol role="list">
                ${entries.map(item)}
              </ol>`
            : nobody(),
        ) + write(withheld(queue.withheld));
      const n = queue.callbacks.length;
      main.querySelector(".queue-count").textContent = n > 0 ? t("{n} people", { n }) : "";
      const row = party && list.querySelector(`[data-party="${CSS.escape(party)}"]`);
      const selector = focused.matches("input") ? "input" : focused.matches("a") ? "a" : "button";
      row?.querySelector(selector)?.focus({ preventScroll: true });
      main.ariaBusy = "false";
      main.dataset.state = entries.length > 0 ? "ready" : "empty";
    };
    const fail = (error) => {
      main.querySelector(".queue-error").textContent = error.message;
      main.ariaBusy = "false";
    };
    // A response that was overtaken by a change or a newer request is not shown, because it would remove the
    // focused row. Another one follows.
    let asked = 0;
    let changes = 0;
    const load = async () => {
      const turn = ++asked;
      const query = new URLSearchParams([...chosen].filter(([name]) => name === "done" || name === "sort"));
      try {
        const { data } = await ask(`${address}${[...query].length > 0 ? `?${query}` : ""}`);
        if (turn < asked || changes > 0) return;
        queue = data;
        main.querySelector(".queue-error").textContent = "";
        render();
      } catch (error) {
        fail(error);
      }
    };
    // Changes the mark or note of a person, here and in other tabs.
    const change = async (party, request) => {
      let failure;
      changes += 1;
      try {
        await ask(`${address}/${encode(party)}`, request);
        channel.postMessage(number);
      } catch (error) {
        marked.delete(party);
        failure = error;
      }
      changes -= 1;
      await load();
      if (failure) fail(failure);
    };

    document.title = `${t("To call back")}: ${name} · Calls`;
    main.className = "callbacks";
    main.innerHTML = html`<div class="title">
        <p class="person-of">
          <a href="${base}/calls/${encode(number)}"><bdi>${name}</bdi></a
          >${info.name && html` <bdi class="own-number">${calls.numberText(info)}</bdi>`}
        </p>
        <h1 tabindex="-1">${t("To call back")}</h1>
        <p class="lead queue-count" role="status"></p>
      </div>
      <div class="queue-chips">
        <div class="chips" role="group" aria-label="${t("Which")}">
          ${link("done", "", t("Waiting"))}${link("done", "true", t("Done"))}
        </div>
        <div class="chips" role="group" aria-label="${t("Order")}">
          ${link("sort", "", t("Longest waiting"))}${link("sort", "last", t("Latest"))}
        </div>
      </div>
      <p class="field-error queue-error" role="alert"></p>
      <div class="queue" id="calls" tabindex="-1"></div>`.raw;
    main.addEventListener("click", ({ target }) => {
      const { done, undo } = target.closest("[data-done], [data-undo]")?.dataset ?? {};
      const entries = queue?.callbacks ?? [];
      if (done) {
        const place = entries.findIndex(({ counterparty }) => counterparty === done);
        marked.set(done, { entry: entries[place], place });
        change(done, { method: "PUT", body: { done: true, note: entries[place].note ?? "" } });
      } else if (undo) {
        marked.delete(undo);
        change(undo, { method: "DELETE" });
      }
    });
    const keepNote = (input) => {
      const { party } = input.closest("[data-party]").dataset;
      if (input.value === input.defaultValue) return;
      input.defaultValue = input.value;
      const isDone = isDoneList || marked.has(party);
      if (marked.has(party)) marked.get(party).entry.note = input.value;
      change(party, { method: "PUT", body: { done: isDone, note: input.value } });
    };
    main.addEventListener("change", ({ target }) => target.name === "note" && keepNote(target));
    main.addEventListener("submit", (event) => {
      event.preventDefault();
      keepNote(event.target.elements.note);
    });
    channel.addEventListener("message", ({ data }) => data === number && load());
    follow(`${base}/api/calls/${encode(number)}/events`, load);
    // Waiting times are updated.
    setInterval(() => queue && !document.hidden && render(), 60000);
    load();
  };
  if (inside) start(inside);
}
