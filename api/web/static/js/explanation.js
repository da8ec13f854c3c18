/** Why a result is what it is: legs, weights, steps and times. */
import { h } from "./dom.js";
import { named, number, t } from "./language.js";

/** The index keeps pairs of characters under names that begin with one of these. */
const CONTROL = /\p{Cc}/u;

/** A bar of a part of the whole (0 to 1); the number beside it says it, too. */
function bar(part) {
  return h("span", { class: "meter", "aria-hidden": "true" }, h("span", { style: { width: `${Math.min(Math.max(part, 0), 1) * 100}%` } }));
}

/** Where each leg and reranker placed a hit. */
export function legBars(legs, best) {
  const rows = Object.entries(legs).map(([name, leg]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, named("leg", name)),
      h("td", {}, leg.rank === null ? h("span", { class: "soft" }, t("leg.none")) : t("leg.rank", { n: leg.rank })),
      h("td", { class: "grow" }, leg.score === null ? "" : bar(Math.abs(leg.score) / (best[name] || 1))),
      h("td", { class: "number" }, leg.score === null ? "" : number(leg.score, 3)),
    ),
  );
  return h("div", { class: "scroll" }, h("table", { class: "bars" }, h("tbody", {}, rows)));
}

function measured(entries, kind, digits, unit) {
  const most = Math.max(...entries.map(([, value]) => value), Number.MIN_VALUE);
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "bars" },
      h("tbody", {}, entries.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, named(kind, name)), h("td", { class: "grow" }, bar(value / most)), h("td", { class: "number" }, `${number(value, digits)}${unit}`)))),
    ),
  );
}

/** What the whole search did. */
export function explanation(told) {
  const part = (title, content) => h("section", {}, h("h3", {}, title), content);
  const chips = (words) => h("p", { class: "chips" }, words.map((word) => h("span", { class: "chip" }, word)));
  const words = told.terms.filter((term) => !CONTROL.test(term)); // the others are pairs of signs
  const weights = Object.entries(told.weights);
  const timings = Object.entries(told.timings_ms).filter(([, ms]) => ms >= 0.05);
  const steps = Object.entries(told.steps);
  const understood = Object.entries(told.understood).filter(([, value]) => plain(value));
  return h(
    "details",
    { class: "explanation" },
    h("summary", {}, t("explain.title")),
    h(
      "div",
      { class: "explained" },
      words.length > 0 && part(t("explain.terms"), chips(words)),
      told.translations.length > 0 && part(t("explain.translations"), chips([...new Set(told.translations.flat().map((phrase) => phrase.split(" ").filter((word) => !CONTROL.test(word)).join(" ")))])),
      weights.length > 0 && part(t("explain.weights", { fusion: told.fusion }), measured(weights, "leg", 2, "")),
      timings.length > 0 && part(t("explain.timings"), measured(timings, "timing", 1, " ms")),
      understood.length > 0 && part(t("explain.understood"), facts(understood)),
      steps.length > 0 && part(t("explain.steps"), facts(steps)),
      told.allowed !== null && part(t("explain.filter"), h("p", {}, t("explain.allowed", { n: told.allowed }))),
      told.cut.length > 0 && part(t("explain.cut"), chips(told.cut)),
    ),
  );
}

function facts(entries) {
  return h("dl", { class: "facts" }, entries.map(([name, value]) => h("div", {}, h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, plain(value)))));
}

/** A value in few words; "" for nothing. */
function plain(value) {
  if (value === null || value === undefined || value === false) return "";
  if (Array.isArray(value)) return value.map(plain).filter(Boolean).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, one]) => [name, plain(one)])
      .filter(([, one]) => one)
      .map(([name, one]) => `${name.replaceAll("_", " ")}: ${one}`)
      .join("; ");
  }
  return typeof value === "number" ? number(value, Number.isInteger(value) ? 0 : 3) : String(value);
}
