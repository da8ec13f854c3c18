/** Evaluation runs: starting one from a file of questions, and reading its report. */
import { Problem, at, call, events, find, get, respond } from "./api.js";
import { openDialog, problemBox, shown, waiting } from "./dialog.js";
import { button, chooser, field, fill, h } from "./dom.js";
import { language, moment, named, number, t } from "./language.js";
import { head } from "./shell.js";

const GOING = ["queued", "running"];
const POLL_MS = 1000;

/** @param {HTMLElement} main @param {{collection: string, signal: AbortSignal}} view */
export function showEvaluation(main, view) {
  const list = h("div", {}, waiting());
  const load = () => shown(list, () => draw(list, view, load), view.signal);
  fill(main, h("div", { class: "column" }, head(t("nav.evaluation"), t("evaluation.line")), starter(view, load), list));
  load();
}

function starter({ collection }, load) {
  const input = h("input", { type: "file", accept: ".jsonl,.ndjson,application/jsonl", required: true });
  const name = h("input", { type: "text", maxlength: 200, autocomplete: "off" });
  const fault = h("div");
  const submit = async (event) => {
    event.preventDefault();
    fill(fault);
    try {
      const questions = await linesOf(input.files[0]);
      await call("POST", at(collection, "evaluations"), { body: { questions, name: name.value.trim() } });
      event.target.reset();
      load();
    } catch (error) {
      fill(fault, problemBox(error));
    }
  };
  return h(
    "form",
    { class: "panel", on: { submit } },
    h("div", { class: "fields" }, h("div", { class: "field" }, h("span", { class: "field-name" }, t("evaluation.file")), chooser(input, t("upload.choose")), h("small", {}, t("evaluation.file.hint"))), field(t("evaluation.name"), name)),
    fault,
    h("div", { class: "actions" }, button(t("evaluation.start"), null, { kind: "primary", type: "submit" })),
  );
}

/** The objects of a JSONL file. Raises Problem for a line that is none. @param {File} file */
async function linesOf(file) {
  const lines = (await file.text()).split("\n").map((line) => line.trim());
  return lines.flatMap((line, n) => {
    if (!line) return [];
    try {
      return [JSON.parse(line)];
    } catch {
      throw new Problem(422, { detail: t("evaluation.wrong", { n: n + 1 }) });
    }
  });
}

async function draw(place, view, load) {
  const found = await find(at(view.collection, "evaluations"), { signal: view.signal });
  if (!found) {
    fill(place, h("p", { class: "note" }, t("evaluation.absent")));
    return;
  }
  fill(
    place,
    found.evaluations.length
      ? h("ul", { class: "rows" }, found.evaluations.map((one) => run(one, view, load)))
      : h("p", { class: "empty" }, t("evaluation.none")),
  );
}

function run(one, view, load) {
  const { task } = one;
  const title = one.name || moment(task.created_at);
  const isGoing = GOING.includes(task.state);
  const element = h(
    "li",
    { class: "row" },
    h(
      "div",
      { class: "grow" },
      h("strong", {}, title),
      h("p", { class: "soft small" }, [one.name && moment(task.created_at), t("questions.n", { n: one.questions }), task.note].filter(Boolean).join(" · ")),
      isGoing && task.total > 0 && h("progress", { max: task.total, value: task.done, "aria-label": t("job.progress") }),
      measures(one.legs),
    ),
    h("span", { class: `chip ${task.state}` }, named("job.state", task.state)),
    one.report && button(t("evaluation.report"), () => openReport(one.report, title), { kind: "quiet" }),
  );
  if (isGoing) follow(one, view.signal).then(load, (error) => error.name === "AbortError" || fill(element, problemBox(error, load)));
  return element;
}

/** The measures of each way of searching. */
function measures(legs) {
  const rows = Object.entries(legs);
  if (!rows.length) return null;
  const names = Object.keys(rows[0][1]);
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: "measures" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, ""), names.map((name) => h("th", { scope: "col", class: "number" }, name.replace("_ms", " ms"))))),
      h("tbody", {}, rows.map(([leg, found]) => h("tr", {}, h("th", { scope: "row" }, named("leg", leg)), names.map((name) => h("td", { class: "number" }, number(found[name], name.endsWith("_ms") ? 1 : 3)))))),
    ),
  );
}

/** Waits until a run has come further. */
async function follow({ task }, signal) {
  const path = `/v1/tasks/${task.id}`;
  const isAsBefore = (now) => now.state === task.state && now.done === task.done;
  for await (const { event, data } of events("GET", `${path}/events`, { signal })) {
    if (event === "done" || (event === "task" && !isAsBefore(data))) return;
  }
  while (isAsBefore(await get(path, { signal }))) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/**
 * Shows a report within the page: its text comes through a parser that runs nothing, and its style
 * stays in a shadow of its own.
 */
export async function openReport(path, title) {
  const frame = h("div", { class: "report" });
  const place = h("div", {}, waiting());
  openDialog(title, place, { kind: "whole" });
  await shown(place, async () => {
    const spoken = `${path}?language=${language().slice(0, 2)}`;
    const text = await (await respond("GET", spoken, { accept: "text/html" })).text();
    const style = /<style[^>]*>([^]*?)<\/style>/g;
    const styles = [...text.matchAll(style)].map((one) => one[1]).join("\n");
    const parsed = new DOMParser().parseFromString(text.replace(style, ""), "text/html");
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles.replaceAll(":root", ":host").replace(/(^|[\s,}])(html|body)(?=[\s,{])/g, "$1.report-body"));
    parsed.querySelectorAll("style, script, link, meta, iframe, object, embed, base, form").forEach((one) => one.remove());
    const body = h("div", { class: "report-body" }, ...[...parsed.body.childNodes].map((one) => document.importNode(one, true)));
    const shadow = frame.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(body);
    shadow.addEventListener("click", toAnchor);
    fill(place, frame);
  });
}

/** A link within the report leads to its place, not to another view of the page. */
function toAnchor(event) {
  const link = event.target.closest('a[href^="#"]');
  if (!link) return;
  event.preventDefault();
  link.getRootNode().getElementById(link.hash.slice(1))?.scrollIntoView();
}
