// Texts in the page's language. The server puts that language's catalogue before this script, as far as the
// first rows need it; English needs only plurals, which are in plurals.js.
{
  const { lang } = document.documentElement;
  const language = (tag) => tag.split("-")[0];
  // The reader's own variety of the language writes dates and numbers.
  const locale = navigator.languages?.find((own) => language(own) === language(lang)) ?? lang;
  // Later texts are added to it.
  const catalogue = (globalThis.texts ??= {});
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

  Object.assign(calls, { t, locale, number });
}
