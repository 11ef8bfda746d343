// Plural forms of English texts.
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
  if (document.documentElement.lang === "en") Object.assign(globalThis.texts, ENGLISH);
}
