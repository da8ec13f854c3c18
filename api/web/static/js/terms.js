/** Marking in a text the words that a search looked for. */
import { h } from "./dom.js";

/**
 * What to mark: the words of the question that carry it, in the forms that the index knows (English
 * ones are stems: what begins so), and what they were translated as. Null where there is nothing.
 * @param {any} explanation
 */
export function pattern(explanation) {
  if (!explanation) return null;
  const { keywords = [], identifiers = [], numbers = [] } = explanation.understood;
  const carriers = keywords.map((word) => word.toLowerCase());
  const stems = explanation.terms.filter((term) => (isHan(term) ? [...term].length > 1 : carriers.some((word) => word.startsWith(term.slice(0, -1)))));
  const translated = explanation.translations.flat().map((phrase) => phrase.split(" ")[0]);
  const words = new Set([...stems, ...keywords, ...identifiers, ...numbers, ...translated].map(String));
  const parts = [...words].sort((a, b) => b.length - a.length).map(partOf).filter(Boolean);
  return parts.length ? new RegExp(parts.join("|"), "giu") : null;
}

function isHan(text) {
  return /\p{Script=Han}/u.test(text);
}

function partOf(term) {
  if (isHan(term)) return [...term].length > 1 ? escaped(term) : "";
  if (term.length < 2 && !/\p{N}/u.test(term)) return "";
  const stem = term.length > 4 ? term.replace(/[iey]$/u, "") : term;
  const more = /\p{N}$/u.test(stem) ? "" : "\\p{Script=Latin}{0,5}";
  return `(?<![\\p{Script=Latin}\\p{N}])${escaped(stem)}${more}(?![\\p{Script=Latin}\\p{N}])`;
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** The text as nodes, with what the pattern finds in `mark`. */
export function marked(text, words) {
  if (!words) return [text];
  const found = [];
  let from = 0;
  for (const match of text.matchAll(words)) {
    if (!match[0]) continue;
    found.push(text.slice(from, match.index), h("mark", {}, match[0]));
    from = match.index + match[0].length;
  }
  found.push(text.slice(from));
  return found;
}

/** Where a quote stands in a text, whatever its white space; null where it does not. */
export function placeOf(text, quote) {
  const words = quote.trim().split(/\s+/).filter(Boolean).map(escaped);
  const found = words.length ? new RegExp(words.join("\\s*"), "u").exec(text) : null;
  return found && [found.index, found.index + found[0].length];
}
