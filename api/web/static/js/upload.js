/** Handing in files and folders: dropped or chosen, sent with a bar that says how far it is. */
import { at, upload } from "./api.js";
import { problemBox } from "./dialog.js";
import { button, fill, h, icon } from "./dom.js";
import { percent, t } from "./language.js";

const MOST_FILES = 500;
const MOST_BYTES = 256 * 2 ** 20;

/** @typedef {{file: File, id: string}} Given */

/**
 * @param {string} collection @param {(job: any) => void} added is told of each job
 * @param {AbortSignal} signal
 */
export function dropZone(collection, added, signal) {
  const sending = h("div", { class: "sending" });
  const take = (given) => given.length && send(collection, given, sending, added, signal);
  const picker = (props) => {
    const input = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", "aria-hidden": "true", ...props });
    input.addEventListener("change", () => {
      take([...input.files].map((file) => ({ file, id: file.webkitRelativePath || file.name })));
      input.value = "";
    });
    return input;
  };
  const files = picker({ class: "pick-files" });
  const folder = picker({ webkitdirectory: true });
  const zone = h(
    "section",
    { class: "drop", "aria-label": t("upload.label") },
    icon("upload"),
    h("p", {}, h("strong", {}, t("upload.drop")), h("span", { class: "soft" }, t("upload.kinds"))),
    h("div", { class: "actions" }, button(t("upload.files"), () => files.click(), { kind: "primary" }), button(t("upload.folder"), () => folder.click(), { icon: "folder" })),
    files,
    folder,
  );
  const over = (is) => (event) => {
    event.preventDefault();
    zone.classList.toggle("over", is);
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", async (event) => {
    over(false)(event);
    take(await dropped(event.dataTransfer));
  });
  return h("div", {}, zone, sending);
}

/** The files that were dropped, those in folders among them, with their paths. @returns {Promise<Given[]>} */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, id: file.name }));
  /** @type {Given[]} */
  const found = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ file, id: entry.fullPath.replace(/^\//, "") });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const one of some) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

/** Cuts what is given into uploads that the service takes at once. @param {Given[]} given */
function batches(given) {
  /** @type {Given[][]} */
  const found = [];
  let bytes = Infinity;
  for (const one of given) {
    if (bytes + one.file.size > MOST_BYTES || found[found.length - 1].length >= MOST_FILES) {
      found.push([]);
      bytes = 0;
    }
    found[found.length - 1].push(one);
    bytes += one.file.size;
  }
  return found;
}

async function send(collection, given, place, added, signal) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("upload.sending") });
  const said = h("span", { class: "grow" });
  const stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort());
  const line = h("div", { class: "job", role: "status" }, h("div", { class: "job-head" }, said, button(t("stop"), () => stop.abort(), { icon: "stop" })), bar);
  place.append(line);
  const whole = given.reduce((sum, one) => sum + one.file.size, 0) || 1;
  let gone = 0;
  try {
    for (const batch of batches(given)) {
      const size = batch.reduce((sum, one) => sum + one.file.size, 0);
      const form = new FormData();
      form.append("ids", JSON.stringify(batch.map((one) => one.id)));
      for (const one of batch) form.append("files", one.file, one.file.name);
      const progress = (part) => {
        const all = (gone + part * size) / whole;
        bar.value = all;
        fill(said, t("upload.at", { n: given.length, part: percent(Math.min(all, 1)) }));
      };
      progress(0);
      added(await upload(at(collection, "documents"), form, progress, stop.signal));
      gone += size;
    }
    line.remove();
  } catch (error) {
    if (error.name === "AbortError") line.remove();
    else fill(line, problemBox(error, () => { line.remove(); send(collection, given, place, added, signal); }));
  }
}
