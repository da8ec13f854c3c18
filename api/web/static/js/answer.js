/** An answer: its text with marks that open their passages, how far it is held up, what else. */
import { at, call } from "./api.js";
import { problemBox, say, openDialog } from "./dialog.js";
import { button, h, icon } from "./dom.js";
import { explanation } from "./explanation.js";
import { percent, t } from "./language.js";
import { markdown } from "./markdown.js";
import { whereLine } from "./search.js";
import { openSource } from "./source.js";

const MOST_KEPT = 20_000;
const FIRM = 0.75;
const FAIR = 0.45;

/** How firmly a sentence is held up. */
function levelOf(support) {
  return support >= FIRM ? "firm" : support >= FAIR ? "fair" : "weak";
}

/** Offsets of the service count characters; strings here count UTF-16 units. */
function unitsOf(text) {
  if (!/[\uD800-\uDBFF]/.test(text)) return (n) => n;
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return (n) => units[Math.min(n, units.length - 1)];
}

/**
 * The text of an answer. Without `answer` it is being written still, and its marks are mere marks.
 * @param {string} text @param {any} answer @param {((citation: any) => void) | null} open
 */
export function answerBody(text, answer, open) {
  const units = unitsOf(text);
  const sentences = (answer?.sentences ?? []).map((one) => ({ ...one, from: units(one.span[0]), to: units(one.span[1]) }));
  const citations = (answer?.citations ?? []).map((one) => ({ ...one, from: units(one.span[0]), to: units(one.span[1]) }));
  const mark = (n) => {
    const own = citations.filter((one) => one.number === n);
    if (!open || !own.length) return h("span", { class: "cite" }, String(n));
    const press = (event) => {
      // The sentence that the mark stands in or after is the one it speaks for.
      const place = Number(event.currentTarget.dataset.at);
      open(own.find((one) => one.from <= place && place <= one.to + 1) ?? own[0]);
    };
    return h("button", { type: "button", class: "cite", "aria-label": t("answer.cite", { n, title: own[0].title || own[0].document_id }), on: { click: press } }, String(n));
  };
  const wrap = (node, place, isText) => {
    if (node instanceof HTMLElement && node.classList.contains("cite")) node.dataset.at = String(place);
    const sentence = isText && sentences.find((one) => one.from <= place && place < one.to);
    if (!sentence || !node.textContent.trim()) return node;
    return h("span", { class: `held ${levelOf(sentence.support)}`, title: t("answer.held", { part: percent(sentence.support) }) }, node);
  };
  const edges = sentences.flatMap((one) => [one.from, one.to]);
  return h("div", { class: "markdown" }, markdown(text, { mark, wrap, edges }));
}

/**
 * All of an answer.
 * @param {string} collection @param {any} turn @param {(question: string) => void} ask
 */
export function drawAnswer(collection, turn, ask) {
  const { answer, hits = [] } = turn;
  const textOf = (id) => hits.find((hit) => hit.chunk_id === id)?.text ?? "";
  const open = (citation) => openSource(collection, citation, textOf(citation.chunk_id));
  return [
    !answer.known && h("p", { class: "note warn" }, icon("warning"), h("span", {}, t("answer.unknown"))),
    answerBody(answer.answer, answer, open),
    answer.sentences?.length > 0 && answer.known && legend(answer),
    sources(answer.citations, open),
    nearest(collection, answer.nearest ?? []),
    notes(answer),
    suggestions(answer.suggestions ?? [], ask),
    tools(collection, turn),
    turn.explanation && explanation(turn.explanation),
  ];
}

function legend(answer) {
  const levels = new Set(answer.sentences.map((one) => levelOf(one.support)));
  return h(
    "p",
    { class: "legend small" },
    h("span", { class: "support" }, t("answer.support", { part: percent(answer.support) })),
    ["firm", "fair", "weak"].filter((level) => levels.has(level)).map((level) => h("span", { class: `held ${level}` }, t(`answer.${level}`))),
  );
}

/** The passages cited, each once. */
function sources(citations, open) {
  const first = new Map();
  for (const one of citations) if (!first.has(one.number)) first.set(one.number, one);
  if (!first.size) return null;
  return h(
    "section",
    { class: "sources", "aria-label": t("answer.sources") },
    h("h3", {}, t("answer.sources")),
    h(
      "ol",
      { class: "plain" },
      [...first.values()].sort((a, b) => a.number - b.number).map((one) =>
        h("li", {}, h("button", { type: "button", class: "source-card", on: { click: () => open(one) } }, h("span", { class: "cite" }, String(one.number)), h("span", { class: "grow" }, h("strong", {}, one.title || one.document_id), whereLine(one)))),
      ),
    ),
  );
}

function nearest(collection, passages) {
  if (!passages.length) return null;
  const card = (one) =>
    h("li", {}, h("button", { type: "button", class: "source-card", on: { click: () => openSource(collection, one, one.text) } }, h("span", { class: "grow" }, h("strong", {}, one.title || one.document_id), whereLine(one), h("span", { class: "clamp" }, one.text.replace(/\s*\|(\s*:?-+:?\s*\|)*\s*/g, "  ").trim()))));
  return h("section", { class: "sources" }, h("h3", {}, t("answer.nearest")), h("ul", { class: "plain" }, passages.map(card)));
}

function notes(answer) {
  const { notes: said, dropped, generator, usage, cached } = answer;
  return [
    said.map((note) => h("p", { class: "note" }, note)),
    dropped.length > 0 && h("details", { class: "quiet" }, h("summary", {}, t("answer.dropped", { n: dropped.length })), h("ul", {}, dropped.map((one) => h("li", {}, one)))),
    h("p", { class: "soft small" }, t("answer.by", { name: generator }), cached && ` · ${t("answer.cached")}`, usage?.calls > 0 && ` · ${t("answer.tokens", { n: usage.prompt_tokens + usage.completion_tokens })}`),
  ];
}

function suggestions(questions, ask) {
  if (!questions.length) return null;
  return h("section", { class: "suggestions", "aria-label": t("answer.further") }, questions.map((one) => h("button", { type: "button", class: "suggestion", on: { click: () => ask(one) } }, one)));
}

function tools(collection, turn) {
  const place = h("div", { class: "tools" });
  const rate = (rating) => async () => {
    try {
      await sendFeedback(collection, turn, rating);
      turn.rating = rating;
      place.replaceWith(tools(collection, turn));
      say(t("answer.thanks"));
    } catch (error) {
      openDialog(t("answer.feedback"), problemBox(error));
    }
  };
  const thumb = (rating, shape, label) => button("", rate(rating), { icon: shape, label, "aria-pressed": turn.rating === rating ? "true" : "false" });
  const copy = async () => {
    await navigator.clipboard.writeText(turn.answer.answer);
    say(t("copied"));
  };
  place.append(thumb(1, "good", t("answer.good")), thumb(-1, "bad", t("answer.bad")), button("", copy, { icon: "copy", label: t("copy") }));
  return place;
}

/** Rates the documents that the answer cites, or, where it cites none, the first that was found. */
async function sendFeedback(collection, turn, rating) {
  const { citations, answer } = turn.answer;
  const rated = citations.length ? citations : turn.hits.slice(0, 1);
  const chunks = new Map(rated.map((one) => [one.document_id, one.chunk_id]));
  for (const chunk of chunks.values()) {
    await call("POST", at(collection, "feedback"), { body: { query: turn.question, rating, chunk_id: chunk, answer: answer.slice(0, MOST_KEPT) } });
  }
}
