// Texts in the page's language. The part of the catalogue that the first rows need is put before this script;
// English needs only plurals, in plurals.js.
{
  const { lang } = document.documentElement;
  const language = (tag) => tag.split("-")[0];
  // Dates and numbers are formatted in the browser's variety of the language.
  const locale = navigator.languages?.find((own) => language(own) === language(lang)) ?? lang;
  // Other texts are added later.
  const catalogue = (globalThis.texts ??= {});
  const rules = new Intl.PluralRules(lang);
  const numbers = new Intl.NumberFormat(locale);
  const number = (value) => numbers.format(value);

  // A text with each `{name}` replaced by its value. A text with plural forms has the form for `n`.
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
