/** Asking: a conversation, its answers written as one looks on, and a stop button. */
import { Problem, at, events } from "./api.js";
import { answerBody, drawAnswer } from "./answer.js";
import { problemBox } from "./dialog.js";
import { button, fill, h } from "./dom.js";
import { t } from "./language.js";
import { head } from "./shell.js";

/**
 * @typedef {{question: string, text: string, state: string, answer?: any, hits?: any[], outline?: string[], problem?: any, rating?: number}} Turn
 * @typedef {{id: string, turns: Turn[], stop: AbortController | null}} Conversation
 */

/** By collection; kept while the page is open. @type {Map<string, Conversation>} */
const conversations = new Map();

/** @param {HTMLElement} main @param {{collection: string, query: URLSearchParams, signal: AbortSignal}} view */
export function showAsk(main, view) {
  const { collection } = view;
  const talk = conversations.get(collection) ?? { id: "", turns: [], stop: null };
  conversations.set(collection, talk);
  const turns = h("div", { class: "turns" });
  const input = h("textarea", { rows: 1, "aria-label": t("ask.question"), placeholder: t("ask.placeholder"), data: { search: "" }, maxlength: 20000 });
  const send = h("div", { class: "send" });
  const room = { collection, talk, turns, input, send };
  const submit = (event) => {
    event?.preventDefault();
    if (input.value.trim() && !talk.stop) ask(room, input.value.trim());
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  input.addEventListener("input", () => grow(input));
  const fresh = button(t("ask.new"), () => {
    talk.stop?.abort();
    conversations.delete(collection);
    dispatchEvent(new Event("braid:redraw"));
  }, { icon: "plus", kind: "fresh", hidden: !talk.turns.length });
  fill(
    main,
    h(
      "div",
      { class: "column talk" },
      head(t("nav.ask"), "", fresh),
      turns,
      h("form", { class: "composer", on: { submit } }, h("div", { class: "bar" }, input, send), h("p", { class: "soft small" }, t("ask.keys"))),
    ),
  );
  drawSend(room);
  if (talk.turns.length) talk.turns.forEach((turn) => turns.append(drawTurn(room, turn)));
  else fill(turns, h("div", { class: "empty" }, h("p", { class: "lead" }, t("ask.empty", { name: collection })), h("p", { class: "soft" }, t("ask.empty.line"))));
  if (view.query.get("q")) {
    history.replaceState(null, "", `#/c/${encodeURIComponent(collection)}/ask`);
    ask(room, view.query.get("q"));
  } else input.focus();
}

function grow(input) {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 220)}px`;
}

function drawSend(room) {
  const { talk, send } = room;
  fill(
    send,
    talk.stop
      ? button(t("ask.stop"), () => talk.stop?.abort(), { icon: "stop", kind: "stop" })
      : button("", null, { icon: "up", kind: "primary", label: t("ask.send"), type: "submit" }),
  );
}

/** Where a turn stands; drawn anew as it goes on. */
function drawTurn(room, turn) {
  const element = h("article", { class: "turn" });
  const redraw = () => {
    const body = turn.problem ? problemBox(turn.problem, room.talk.stop ? null : () => again(room, turn)) : turn.answer ? drawAnswer(room.collection, turn, (question) => !room.talk.stop && ask(room, question)) : writing(turn);
    fill(element, h("h2", { class: "question" }, turn.question), h("div", { class: "answer", "aria-busy": turn.state === "done" ? null : "true" }, body));
  };
  turn.redraw = redraw;
  redraw();
  return element;
}

function writing(turn) {
  const state = { search: "ask.searching", read: "ask.reading", write: "ask.writing", stopped: "ask.stopped" }[turn.state];
  const goes = turn.state !== "stopped";
  return [
    turn.outline?.length > 0 && h("ul", { class: "outline" }, turn.outline.map((one) => h("li", {}, one))),
    turn.text && answerBody(turn.text, null, null),
    h("p", { class: "waiting", role: "status" }, goes && h("span", { class: "spinner" }), t(state, { n: turn.hits?.length ?? 0 })),
  ];
}

function again(room, turn) {
  const { turns } = room.talk;
  turns.splice(turns.indexOf(turn), 1);
  fill(room.turns, turns.map((one) => drawTurn(room, one)));
  ask(room, turn.question);
}

async function ask(room, question) {
  const { collection, talk, turns, input } = room;
  if (!talk.turns.length) fill(turns);
  /** @type {Turn} */
  const turn = { question, text: "", state: "search" };
  talk.turns.push(turn);
  turns.parentElement.querySelector(".fresh").hidden = false;
  talk.stop = new AbortController();
  input.value = "";
  grow(input);
  const element = drawTurn(room, turn);
  turns.append(element);
  element.scrollIntoView({ block: "start", behavior: calm() });
  drawSend(room);
  try {
    await follow(room, turn);
  } catch (error) {
    if (error.name === "AbortError") turn.state = "stopped";
    else turn.problem = error instanceof Problem ? error : new Problem(500, { detail: String(error) });
  }
  talk.stop = null;
  if (turn.state !== "stopped") turn.state = "done";
  turn.redraw();
  drawSend(room);
  document.dispatchEvent(new Event("braid:answered"));
}

function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}

async function follow({ collection, talk }, turn) {
  const body = { query: turn.question, stream: true, conversation: talk.id || "new", explain: true };
  let drawing = 0;
  const soon = () => {
    drawing ||= requestAnimationFrame(() => {
      drawing = 0;
      if (!turn.answer) turn.redraw();
    });
  };
  for await (const { event, data } of events("POST", at(collection, "query"), { body, signal: talk.stop.signal })) {
    if (event === "hits") Object.assign(turn, { hits: data.hits, explanation: data.explanation, state: "read" });
    else if (event === "outline") turn.outline = data.headings;
    else if (event === "delta") Object.assign(turn, { text: turn.text + data.text, state: "write" });
    else if (event === "answer") turn.answer = data;
    else if (event === "error") throw new Problem(data.status, data);
    if (data.conversation) talk.id = data.conversation;
    soon();
  }
  cancelAnimationFrame(drawing);
  if (!turn.answer) throw new Problem(0, {});
}

