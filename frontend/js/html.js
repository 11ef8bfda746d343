// HTML as a type: html`...` escapes every value that is not HTML.
{
  const write = (value) =>
    value == null || value === false
      ? ""
      : Array.isArray(value)
        ? value.map(write).join("")
        : (value.raw ?? String(value).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt()};`));
  const html = (parts, ...values) => ({
    raw: parts.reduce((text, part, index) => text + write(values[index - 1]) + part),
  });
  const icon = (name) => html`<svg class="icon" aria-hidden="true"><use href="#icon-${name}"></use></svg>`;
  const encode = (text) =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (letter) => `%${letter.charCodeAt().toString(16).toUpperCase()}`,
    );
  // The base path; empty at the root.
  const base = document.documentElement.dataset.base ?? "";
  Object.assign(calls, { html, write, icon, encode, base });
}
