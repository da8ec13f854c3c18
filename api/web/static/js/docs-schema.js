/** JSON schemas as tables, and examples made from them. */
import { h } from "./dom.js";
import { t } from "./language.js";
import { markdown } from "./markdown.js";

const DEEPEST = 4;

/** A schema with its reference followed. */
export function resolved(spec, schema = {}) {
  const named = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (!named) return schema;
  const found = named.split("/").slice(1).reduce((at, key) => at?.[key], spec) ?? {};
  return { ...found, ...schema, $ref: undefined, allOf: undefined };
}

/** The type of a value in few words. */
export function typeOf(spec, schema) {
  const one = resolved(spec, schema);
  const choices = one.anyOf ?? one.oneOf;
  if (choices) return choices.map((part) => typeOf(spec, part)).join(" | ");
  if (one.const !== undefined) return JSON.stringify(one.const);
  if (one.enum) return one.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (one.type === "array") return `${typeOf(spec, one.items ?? {})}[]`;
  const bounds = [one.minimum !== undefined && `≥ ${one.minimum}`, one.maximum !== undefined && `≤ ${one.maximum}`, one.default !== undefined && one.default !== "" && `= ${JSON.stringify(one.default)}`].filter(Boolean);
  return [one.title && one.type === "object" && one.properties ? one.title : (one.type ?? "any"), ...bounds].join(" ");
}

/** The fields of an object, those of its parts folded in. */
export function schemaTable(spec, schema, depth = 0) {
  const whole = resolved(spec, schema);
  const own = whole.type === "array" ? resolved(spec, whole.items ?? {}) : whole;
  if (!own.properties) return h("p", { class: "soft" }, typeOf(spec, schema), own.description && ` — ${own.description}`);
  const rows = Object.entries(own.properties).map(([name, value]) => {
    const told = resolved(spec, value);
    const inner = partsOf(spec, told);
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, h("code", {}, name), own.required?.includes(name) && h("span", { class: "chip" }, t("docs.required"))),
      h("td", {}, typeOf(spec, value)),
      h("td", {}, told.description && h("div", { class: "markdown" }, markdown(told.description)), inner && depth < DEEPEST && folded(spec, inner, depth)),
    );
  });
  return h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, rows)));
}

function folded(spec, inner, depth) {
  const details = h("details", {}, h("summary", {}, t("docs.fields")));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(schemaTable(spec, inner, depth + 1));
  });
  return details;
}

/** The object that a value is, or is made of. */
function partsOf(spec, told) {
  for (const one of [told, told.items, ...(told.anyOf ?? [])].filter(Boolean)) {
    const found = resolved(spec, one);
    if (found.properties) return found;
    if (found !== told && found.items && resolved(spec, found.items).properties) return resolved(spec, found.items);
  }
  return null;
}

/** A value that fits a schema, its own example where it has one. */
export function exampleOf(spec, schema, depth = 0) {
  const one = resolved(spec, schema);
  if (one.examples?.length) return one.examples[0];
  if (one.example !== undefined) return one.example;
  if (one.default !== undefined) return one.default;
  if (one.const !== undefined) return one.const;
  if (one.enum) return one.enum[0];
  const choices = one.anyOf ?? one.oneOf;
  if (choices) return exampleOf(spec, choices[0], depth);
  if (one.type === "array") return depth > DEEPEST ? [] : [exampleOf(spec, one.items ?? {}, depth + 1)];
  if (one.properties) {
    const names = Object.keys(one.properties).filter((name) => one.required?.includes(name));
    return Object.fromEntries(names.map((name) => [name, exampleOf(spec, one.properties[name], depth + 1)]));
  }
  return { string: "", integer: one.minimum ?? 0, number: one.minimum ?? 0, boolean: false, object: {} }[one.type] ?? null;
}
