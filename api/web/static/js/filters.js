/** Filters over metadata: by lines of field, comparison and value, or as JSON. */
import { button, field, fill, h } from "./dom.js";
import { t } from "./language.js";

const COMPARISONS = ["$eq", "$ne", "$gte", "$lte", "$in", "$exists"];

/**
 * Lines of conditions; `text()` is the filter as JSON, "" for none, null where it is wrong.
 * @param {string} given the filter so far, as JSON
 */
export function conditions(given) {
  const json = h("textarea", { rows: 3, spellcheck: "false", class: "code", placeholder: '{"year": {"$gte": 2023}}', value: given });
  const lines = h("div", { class: "conditions" });
  const fault = h("p", { class: "fault", role: "alert" });
  const write = () => {
    const every = [...lines.children].map(conditionOf).filter(Boolean);
    json.value = every.length > 1 ? JSON.stringify({ $and: every }) : every.length ? JSON.stringify(every[0]) : "";
  };
  const line = () => {
    const name = h("input", { type: "text", "aria-label": t("filter.field"), placeholder: t("filter.field"), list: "filter-fields" });
    const how = h("select", { "aria-label": t("filter.how") }, COMPARISONS.map((one) => h("option", { value: one }, t(`filter.${one.slice(1)}`))));
    const value = h("input", { type: "text", "aria-label": t("filter.value"), placeholder: t("filter.value") });
    const drop = button("", () => { made.remove(); write(); }, { icon: "close", label: t("filter.drop") });
    const made = h("div", { class: "condition", on: { input: write, change: write } }, name, how, value, drop);
    return made;
  };
  const add = () => {
    const made = line();
    lines.append(made);
    made.querySelector("input").focus();
  };
  const known = h("datalist", { id: "filter-fields" }, ["document_id", "title", "media_type", "page_count", "language"].map((one) => h("option", { value: one })));
  const element = h(
    "fieldset",
    {},
    h("legend", {}, t("filter.title")),
    lines,
    known,
    button(t("filter.add"), add, { icon: "plus", kind: "quiet" }),
    h("details", { open: Boolean(given) }, h("summary", {}, t("filter.json")), field(t("filter.json.name"), json, t("filter.json.hint"))),
    fault,
  );
  const text = () => {
    fill(fault);
    if (!json.value.trim()) return "";
    try {
      return JSON.stringify(JSON.parse(json.value));
    } catch (error) {
      fill(fault, t("filter.wrong", { why: error.message }));
      return null;
    }
  };
  return { element, text };
}

function conditionOf(line) {
  const [name, how, value] = line.querySelectorAll("input, select");
  if (!name.value.trim()) return null;
  const given = value.value.trim();
  if (how.value === "$in") return { [name.value.trim()]: { $in: given.split(/[,，、]/).map((one) => valueOf(one.trim())) } };
  if (how.value === "$exists") return { [name.value.trim()]: { $exists: given !== "false" } };
  return { [name.value.trim()]: { [how.value]: valueOf(given) } };
}

/** Numbers and true and false as what they are, all else as text. */
function valueOf(text) {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return { true: true, false: false }[text] ?? text;
}
