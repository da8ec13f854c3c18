/**
 * Markdown as DOM nodes. Nothing in the text becomes markup of its own: tags are shown as they are
 * written, links lead to http(s) alone, and images are told by their words.
 *
 * Each character knows where it stands in the source, so that a caller can wrap what belongs to a
 * sentence (`wrap`) and turn marks like [1] into something that can be pressed (`mark`).
 */
import { h } from "./dom.js";

/**
 * @typedef {{mark: (n: number) => Node, wrap: (node: Node, at: number, isText: boolean) => Node, edges: number[]}} Hooks
 * `at` counts UTF-16 units from the start; text is cut at `edges`.
 * @typedef {{text: string, at: number}} Line
 */

/** @param {string} source @param {Partial<Hooks>} [hooks] @returns {Node[]} */
export function markdown(source, hooks = {}) {
  const lines = [];
  let at = 0;
  for (const text of source.split("\n")) {
    lines.push({ text, at });
    at += text.length + 1;
  }
  const plain = { mark: (n) => document.createTextNode(`[${n}]`), wrap: (node) => node, edges: [], ...hooks };
  return blocks(lines, plain);
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})\s*([\w+-]*)/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|(\d{1,4})[.)])\s+/;
const QUOTE = /^\s{0,3}>\s?/;
const DASHES = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** @param {Line[]} lines @param {Hooks} hooks */
function blocks(lines, hooks) {
  const made = [];
  let i = 0;
  while (i < lines.length) {
    const { text, at } = lines[i];
    const fence = FENCE.exec(text);
    const heading = HEADING.exec(text);
    if (!text.trim()) {
      i += 1;
    } else if (fence) {
      let end = i + 1;
      while (end < lines.length && !lines[end].text.trim().startsWith(fence[1])) end += 1;
      made.push(h("pre", {}, h("code", {}, lines.slice(i + 1, end).map((one) => one.text).join("\n"))));
      i = end + 1;
    } else if (heading) {
      const start = text.indexOf(heading[2], text.indexOf("#") + heading[1].length);
      made.push(h(`h${Math.min(heading[1].length + 2, 6)}`, {}, inline([{ text: heading[2], at: at + start }], hooks)));
      i += 1;
    } else if (RULE.test(text)) {
      made.push(h("hr"));
      i += 1;
    } else if (QUOTE.test(text)) {
      const inner = [];
      for (; i < lines.length && QUOTE.test(lines[i].text); i += 1) inner.push(cut(lines[i], QUOTE.exec(lines[i].text)[0].length));
      made.push(h("blockquote", {}, blocks(inner, hooks)));
    } else if (text.includes("|") && i + 1 < lines.length && DASHES.test(lines[i + 1].text) && lines[i + 1].text.includes("-")) {
      let end = i + 2;
      while (end < lines.length && lines[end].text.includes("|") && lines[end].text.trim()) end += 1;
      made.push(table(lines.slice(i, end), hooks));
      i = end;
    } else if (ITEM.test(text)) {
      i = list(lines, i, made, hooks);
    } else {
      let end = i + 1;
      while (end < lines.length && lines[end].text.trim() && !begins(lines[end].text)) end += 1;
      made.push(h("p", {}, inline(lines.slice(i, end), hooks)));
      i = end;
    }
  }
  return made;
}

function begins(text) {
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((one) => one.test(text));
}

/** @param {Line} line @param {number} n */
function cut(line, n) {
  return { text: line.text.slice(n), at: line.at + n };
}

function list(lines, from, made, hooks) {
  const first = ITEM.exec(lines[from].text);
  const depth = first[1].length;
  const isOrdered = first[3] !== undefined;
  const start = isOrdered && first[3] !== "1" ? Number(first[3]) : null;
  const place = h(isOrdered ? "ol" : "ul", { start });
  let i = from;
  while (i < lines.length) {
    const item = ITEM.exec(lines[i].text);
    if (!item || item[1].length < depth || item[1].length > depth + 1 || (item[3] !== undefined) !== isOrdered) break;
    const inner = [cut(lines[i], item[0].length)];
    for (i += 1; i < lines.length; i += 1) {
      const { text } = lines[i];
      const indent = text.length - text.trimStart().length;
      const goesOn = text.trim() ? indent > depth + 1 || (!begins(text) && lines[i - 1].text.trim()) : lines[i + 1] && /^\s+\S/.test(lines[i + 1].text) && lines[i + 1].text.search(/\S/) > depth + 1;
      if (!goesOn) break;
      inner.push(cut(lines[i], Math.min(indent, item[0].length)));
    }
    const parts = blocks(inner, hooks);
    // An item of one paragraph is a line, not a paragraph.
    if (parts[0]?.tagName === "P") parts.splice(0, 1, ...parts[0].childNodes);
    place.append(h("li", {}, parts));
    while (i < lines.length && !lines[i].text.trim() && lines[i + 1] && ITEM.test(lines[i + 1].text)) i += 1;
  }
  made.push(place);
  return i;
}

function table(lines, hooks) {
  const aligned = cells(lines[1]).map(({ text }) => (/^:-+:$/.test(text) ? "center" : /-:$/.test(text) ? "right" : null));
  const row = (line, tag) =>
    h("tr", {}, cells(line).slice(0, aligned.length).map((cell, n) => h(tag, { scope: tag === "th" ? "col" : null, class: aligned[n] && `to-${aligned[n]}` }, inline([cell], hooks))));
  return h("div", { class: "scroll" }, h("table", {}, h("thead", {}, row(lines[0], "th")), h("tbody", {}, lines.slice(2).map((line) => row(line, "td")))));
}

/** @param {Line} line @returns {Line[]} */
function cells(line) {
  const found = [];
  let from = 0;
  const end = (to) => {
    const raw = line.text.slice(from, to);
    const lead = raw.length - raw.trimStart().length;
    found.push({ text: raw.trim(), at: line.at + from + lead });
    from = to + 1;
  };
  for (let i = 0; i < line.text.length; i += 1) {
    if (line.text[i] === "|" && line.text[i - 1] !== "\\") end(i);
  }
  end(line.text.length);
  if (line.text.trimStart().startsWith("|")) found.shift();
  if (line.text.trimEnd().endsWith("|")) found.pop();
  return found;
}

const SPAN = /\\([\\`*_{}[\]()#+\-.!|<>~])|(`+)([^]*?[^`])\2(?!`)|\*\*(?=\S)([^]+?\S?)\*\*|__(?=\S)([^]+?\S?)__(?!\w)|\*(?=[^\s*])([^*]+?)\*|(?<!\w)_(?=[^\s_])([^_]+?)_(?!\w)|~~(?=\S)([^]+?)~~|\[(\d{1,3})\](?!\()|!\[([^\]]*)\]\([^)\s]*\)|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)|(https?:\/\/[^\s<>()"'，。；、）】》]+)/gu;

/** @param {Line[]} lines @param {Hooks} hooks */
function inline(lines, hooks) {
  let text = "";
  const places = [];
  lines.forEach((line, n) => {
    const own = n ? line.text.trimStart() : line.text;
    const lead = line.text.length - own.length;
    if (n) {
      places.push(line.at - 1);
      text += "\n";
    }
    for (let i = 0; i < own.length; i += 1) places.push(line.at + lead + i);
    text += own;
  });
  return spans(text, 0, text.length, places, hooks);
}

function spans(text, from, to, places, hooks) {
  const made = [];
  const whole = text.slice(0, to);
  const said = (a, b) => made.push(...pieces(text, a, b, places, hooks));
  const pattern = new RegExp(SPAN);
  pattern.lastIndex = from;
  let last = from;
  for (let m = pattern.exec(whole); m; m = pattern.exec(whole)) {
    said(last, m.index);
    last = m.index + m[0].length;
    const [, escape, ticks, code, strong, strong2, em, em2, gone, n, image, label, address, bare] = m;
    const within = (tag, size) => h(tag, {}, spans(text, m.index + size, last - size, places, hooks));
    if (escape) said(last - 1, last);
    else if (ticks) made.push(hooks.wrap(h("code", {}, code.trim()), places[m.index], true));
    else if (strong ?? strong2) made.push(within("strong", 2));
    else if (em ?? em2) made.push(within("em", 1));
    else if (gone) made.push(within("s", 2));
    else if (n) made.push(hooks.wrap(hooks.mark(Number(n)), places[m.index], false));
    else if (image !== undefined) made.push(document.createTextNode(image));
    else made.push(link(address ?? bare, label ? spans(text, m.index + 1, m.index + 1 + label.length, places, hooks) : bare));
  }
  said(last, to);
  return made;
}

function link(address, content) {
  return h("a", { href: address, rel: "noopener noreferrer", target: "_blank" }, content);
}

/** Text, cut where sentences begin and end. */
function pieces(text, from, to, places, hooks) {
  const made = [];
  let start = from;
  for (let i = from + 1; i <= to; i += 1) {
    if (i === to || hooks.edges.includes(places[i])) {
      made.push(hooks.wrap(document.createTextNode(text.slice(start, i)), places[start], true));
      start = i;
    }
  }
  return made;
}
