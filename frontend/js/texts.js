// Texts in the page's language. The server puts that language's catalogue before this script; English needs
// only plurals.
{
  const ENGLISH = {
    "{n} calls": { one: "{n} call", other: "{n} calls" },
    "{n} new calls": { one: "{n} new call", other: "{n} new calls" },
    "{n} calls match.": { one: "{n} call matches.", other: "{n} calls match." },
    "{n} calls in the last 15 days": {
      one: "{n} call in the last 15 days",
      other: "{n} calls in the last 15 days",
    },
    "{n} numbers": { one: "{n} number", other: "{n} numbers" },
    "{n} people": { one: "{n} person", other: "{n} people" },
    "{n} attempts": { one: "{n} attempt", other: "{n} attempts" },
    "{n} to call back": { one: "{n} to call back", other: "{n} to call back" },
    "{n} calls with a withheld number": {
      one: "{n} call with a withheld number",
      other: "{n} calls with a withheld number",
    },
  };
  const { lang } = document.documentElement;
  const language = (tag) => tag.split("-")[0];
  // The reader's own variety of the language writes dates and numbers.
  const locale = navigator.languages?.find((own) => language(own) === language(lang)) ?? lang;
  const catalogue = globalThis.texts ?? ENGLISH;
  const rules = new Intl.PluralRules(lang);
  const numbers = new Intl.NumberFormat(locale);
  const number = (value) => numbers.format(value);

  // A text, with each `{name}` replaced by the value of that name. A text with plural forms takes the form
  // for `n`.
  const t = (text, values = {}) => {
    const found = catalogue[text] ?? text;
    const pattern = found.other ? (found[rules.select(values.n)] ?? found.other) : found;
    return pattern.replace(/\{(\w+)\}/g, (braces, name) => {
      const value = values[name] ?? braces;
      return typeof value === "number" ? number(value) : value;
    });
  };

  // An error of the server by its type (RFC 9457). In English the server's own words say more.
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
  const problem = ({ type, title, detail }, text = detail ?? title) =>
    lang === "en" ? text : (PROBLEMS[type.slice(type.indexOf("/problems/"))] ?? text);

  Object.assign(calls, { t, locale, number, problem });
}
