// Requests to the API, and its event streams.
{
  const { t } = calls;
  const { lang } = document.documentElement;

  // An error of the server by the type of its problem (RFC 9457).
  const PROBLEMS = {
    "/problems/not-a-number": t("This is not a phone number."),
    "/problems/bad-parameter": t("The address has something in it that is not understood."),
    "/problems/not-found": t("There is nothing here."),
    "/problems/busy": t("The server is busy. Try again in a moment."),
    "/problems/too-many-requests": t("Too many requests. Try again in a moment."),
    "/problems/too-many-followers": t("Too many requests. Try again in a moment."),
    "/problems/unavailable": t("The database does not answer."),
    "/problems/internal": t("The server has a problem."),
  };
  // `text` is a more specific message in English.
  const problem = ({ type, title, detail, status }, text) => {
    const known = PROBLEMS[type.slice(type.indexOf("/problems/"))];
    if (lang !== "en" && known) return known;
    // For an invalid request, the server says in English what is wrong.
    const own = detail ?? title;
    return text ?? ((status >= 500 && known) || sentence(own));
  };
  const sentence = (text) =>
    `${text[0].toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;

  // The data of a response, and the address of its next page. Fails with a text for the user.
  const ask = async (address, { method = "GET", body, signal } = {}) => {
    const headers = { accept: "application/json", ...(body && { "content-type": "application/json" }) };
    const answer = await fetch(address, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal,
    }).catch((error) => {
      throw error.name === "AbortError" ? error : new Error(t("The server cannot be reached."));
    });
    const data = await answer.json().catch(() => null);
    if (!answer.ok) {
      const text = data?.type
        ? problem(data)
        : t("The server answered with an error ({status}).", { status: `${answer.status}` });
      throw Object.assign(new Error(text), { status: answer.status, problem: data });
    }
    return { data, next: nextPage(answer.headers.get("link")) };
  };
  const nextPage = (link) => link?.match(/<(\/[^/>][^>]*)>; *rel="?next"?/)?.[1];

  // Calls `changed` for each event of a history, after a broken stream was reopened, and when the tab becomes
  // visible.
  const follow = (address, changed) => {
    let isBroken = false;
    let source;
    const open = () => {
      source?.close();
      source = document.hidden ? undefined : new EventSource(address);
      for (const kind of ["call", "callback", "note"]) source?.addEventListener(kind, changed);
      source?.addEventListener("error", () => (isBroken = true));
      source?.addEventListener("open", () => {
        if (isBroken) changed();
        isBroken = false;
      });
    };
    document.addEventListener("visibilitychange", () => {
      open();
      if (!document.hidden) changed();
    });
    open();
  };

  Object.assign(calls, { problem, ask, nextPage, follow });
}
