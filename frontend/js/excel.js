// Exports all matching calls as a file for Excel, with separators and words of the page's language, local
// times, and numbers as text. It is made from the API's NDJSON, because the server knows none of these.
{
  const { t, locale, spelling, outcome, timeZone } = calls;

  const decimal = new Intl.NumberFormat(locale)
    .formatToParts(1.5)
    .find(({ type }) => type === "decimal").value;
  const separator = decimal === "," ? ";" : ",";
  const at = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone });
  const quote = (text) => `"${text.replaceAll('"', '""')}"`;
  // An apostrophe keeps a spreadsheet from taking a text for a formula (OWASP, "CSV injection").
  const text = (value) => (value == null ? "" : quote(/^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`));
  // Digits as text, so that a number keeps its plus and zeros, and is not rounded.
  const digits = (value) => (/^[+\d][\d ]*$/.test(value) ? `"=""${value}"""` : text(value));
  const clock = (seconds) => {
    const whole = Math.round(seconds);
    return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
      .map((part) => `${part}`.padStart(2, "0"))
      .join(":");
  };

  const COLUMNS = [
    [t("Time ({zone})", { zone: timeZone }), (call) => at.format(new Date(call.created_at))],
    [t("Direction"), (call) => text(call.type.endsWith("Inbound") ? t("Inbound") : t("Outbound"))],
    [t("Outcome"), (call) => text(call.type.startsWith("Completed") ? t("Answered") : outcome(call))],
    [t("Name"), (call) => text(call.details.name)],
    [
      t("Number"),
      (call) => digits(call.counterparty.startsWith("+") ? call.counterparty : spelling(call.counterparty)),
    ],
    [t("Talk time"), (call) => (call.duration ? clock(call.duration) : "")],
    [t("Note"), (call) => text(call.details.note?.text)],
  ];
  const line = (fields) => `${fields.join(separator)}\r\n`;

  const save = async (link) => {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const owner = decodeURIComponent(new URL(link.href).pathname.split("/").at(-1));
    const parts = ["\ufeff", line([...COLUMNS.map(([name]) => quote(name)), quote(t("Line"))])];
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      parts.push(
        lines
          .map((json) => {
            const call = JSON.parse(json);
            return line([...COLUMNS.map(([, field]) => field(call)), digits(call.details.number ?? owner)]);
          })
          .join(""),
      );
    }
    const url = URL.createObjectURL(new Blob(parts, { type: "text/csv;charset=utf-8" }));
    const file = document.createElement("a");
    file.href = url;
    // The number and the filter are in the title.
    file.download = `${document.title.replace(/ · Calls$/, "").replace(/[\\/:*?"<>|]+/g, " -")}.csv`;
    file.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  };
  addEventListener("click", async (event) => {
    const link = event.target.closest?.("[data-excel]");
    if (!link || link.ariaBusy === "true") return;
    event.preventDefault();
    link.ariaBusy = "true";
    try {
      await save(link);
    } catch {
      link.textContent = t("The file could not be made. Try again.");
    } finally {
      link.ariaBusy = "false";
    }
  });
}
