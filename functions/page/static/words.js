// The page's words in the reader's language.
import { en } from "./words/en.js";
import { ko } from "./words/ko.js";

export const LANGUAGES = { ko: "한국어", en: "English" };
const TABLES = { ko, en };

let language = sessionStorage.getItem("language") ?? (navigator.language.startsWith("ko") ? "ko" : "en");

/** Which language is shown. */
export const shown = () => language;

/** Show another language. */
export function speak(chosen) {
  language = chosen;
  sessionStorage.setItem("language", chosen);
}

/** Say `key`, with the values that its text names in braces. */
export function t(key, values = {}) {
  const text = TABLES[language][key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Say `key` where there are words for it, else `otherwise`. */
export function maybe(key, otherwise) {
  return key in TABLES[language] ? t(key) : otherwise;
}

/** A number as people write it. */
export const number = (value, options) => new Intl.NumberFormat(language, options).format(value);

/** A part of a whole. */
export const percent = (value) => number(value, { style: "percent", maximumFractionDigits: 1 });

/** A price in US dollars; cents are too coarse for the smallest. */
export const dollars = (value) =>
  number(value, {
    style: "currency", currency: "USD", currencyDisplay: "narrowSymbol",
    ...(value > 0 && value < 1 ? { minimumSignificantDigits: 2, maximumSignificantDigits: 2 } : {}),
  });

/** A size in bytes. */
export function bytes(value) {
  const [unit, size] = value < 1e6 ? ["kilobyte", value / 1e3] : ["megabyte", value / 1e6];
  return number(size, { style: "unit", unit, maximumFractionDigits: size < 10 ? 1 : 0 });
}

/** A moment, given as ISO 8601. */
export const moment = (iso) =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

/** The time of day of a Date. */
export const clock = (date) => new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(date);
