// Occurrences of a number without a history, as links to the histories.
{
  const { t, html, write, canonical, person, spelling, beside, timeElement } = calls;

  const line =
    (info) =>
    ({ number, name, details, calls: count, last_call: last }) => {
      const text = spelling(number, details);
      const at = new Date(last);
      return html`<li class="line">
        <a class="line-link" href="${person(number, canonical(info))}"><bdi>${name ?? text}</bdi></a>
        <span class="line-beneath"
          >${name && html`<bdi>${text}</bdi>`}<span>${t("{n} calls", { n: count })}</span></span
        >
        ${timeElement(at, beside(at), "line-time")}
      </li>`;
    };
  calls.occurrences = (info) => {
    const found = info.occurs_in ?? [];
    return found.length > 0
      ? write(
          html`<section class="lines" aria-labelledby="occurs-in">
            <h2 id="occurs-in">${t("Calls of others with this number")}</h2>
            <ol role="list">
              ${found.map(line(info))}
            </ol>
          </section>`,
        )
      : "";
  };
}
