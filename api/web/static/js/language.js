/** The language of the page, and its strings. */
import en from "./words-en.js";
import zh from "./words-zh.js";

const TABLES = { en, "zh-CN": zh };

/** "en" or "zh-CN". */
export function language() {
  return document.documentElement.lang;
}

export function setLanguage(tag) {
  document.documentElement.lang = tag;
  keep("braid.language", tag);
}

/**
 * The string of a key. `{name}` stands for a value; of `one|many` the first is for n = 1.
 * @param {string} key
 * @param {Record<string, any>} [values]
 */
export function t(key, values = {}) {
  const text = TABLES[language()][key];
  if (text === undefined) throw new Error(`no string ${key}`);
  const forms = text.split("|");
  const form = forms.length > 1 && values.n !== 1 ? forms[1] : forms[0];
  return form.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

/** Whether there is such a string. */
export function has(key) {
  return key in TABLES[language()];
}

/** The string of a key that the server chose, or else the server's own word. */
export function named(prefix, word) {
  return has(`${prefix}.${word}`) ? t(`${prefix}.${word}`) : word;
}

function shown(value) {
  return typeof value === "number" ? value.toLocaleString(language()) : String(value);
}

export function number(value, digits = 0) {
  return value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function percent(value) {
  return value.toLocaleString(language(), { style: "percent" });
}

/** A moment as people write it, from ISO 8601. */
export function moment(iso) {
  return new Date(iso).toLocaleString(language(), { dateStyle: "medium", timeStyle: "short" });
}

/** Kept in the browser, if it lets us. */
export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Storage is switched off: the choice holds until the page is left.
  }
}

export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
