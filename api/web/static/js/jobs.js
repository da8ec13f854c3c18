/** Jobs of a collection: how far each is, what failed, stopping and trying again. */
import { Problem, at, call, events, get } from "./api.js";
import { openDialog, problemBox } from "./dialog.js";
import { button, fill, h } from "./dom.js";
import { named, t } from "./language.js";

const GOING = ["queued", "running"];
const POLL_MS = 700;
const SHOWN_FAILURES = 20;

/**
 * A place that shows the jobs that are going on, and `add` for those just handed in.
 * @param {string} collection @param {AbortSignal} signal @param {() => void} ended
 */
export function jobList(collection, signal, ended) {
  const element = h("div", { class: "jobs" });
  const known = new Set();
  const add = (job) => {
    if (known.has(job.id)) return;
    known.add(job.id);
    const card = h("div", { class: "job", data: { job: job.id } });
    element.prepend(card);
    follow(job, card, signal, { ended, add });
  };
  get(`${at(collection, "jobs")}?limit=20`, { signal })
    .then((found) => found.jobs.filter((job) => GOING.includes(job.state)).reverse().forEach(add))
    .catch((error) => {
      if (error.name !== "AbortError" && !(error instanceof Problem)) throw error;
    }); // the list of documents says what is wrong
  return { element, add };
}

async function follow(job, card, signal, told) {
  const draw = (now) => drawJob(now, card, told);
  draw(job);
  try {
    for await (const now of states(job, signal)) {
      draw(now);
      job = now;
    }
    told.ended();
  } catch (error) {
    if (error.name !== "AbortError") fill(card, problemBox(error, () => follow(job, card, signal, told)));
  }
}

/** The states of a job until it has ended: as events where the service sends them, else by asking. */
async function* states(job, signal) {
  const path = `/v1/jobs/${job.id}`;
  let now = job;
  try {
    for await (const { event, data } of events("GET", `${path}/events`, { signal })) {
      if (event === "error") break; // ask, then
      if (event === "job") yield (now = data);
    }
  } catch (error) {
    if (!(error instanceof Problem) || ![0, 404].includes(error.status)) throw error;
  }
  while (GOING.includes(now.state)) {
    yield (now = await get(path, { signal }));
    if (GOING.includes(now.state)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (!now.failures) yield await get(path, { signal }); // an event may leave out the documents
}

function drawJob(job, card, { ended, add }) {
  const { documents: all, queued } = job.counts;
  const isGoing = GOING.includes(job.state);
  const counts = ["added", "updated", "unchanged", "unpacked", "deleted", "failed"]
    .filter((name) => job.counts[name] > 0)
    .map((name) => t(`job.${name}`, { n: job.counts[name] }));
  const act = (what) => async () => {
    try {
      const made = await call("POST", `/v1/jobs/${job.id}/${what}`);
      if (what === "retry" && made) add(made);
      else ended();
    } catch (error) {
      openDialog(t(`job.${what}`), problemBox(error));
    }
  };
  fill(
    card,
    h(
      "div",
      { class: "job-head" },
      h("span", { class: `chip ${job.state}` }, named("job.state", job.state)),
      h("span", { class: "grow", role: "status" }, isGoing ? t("job.going", { done: all - queued, n: all }) : counts.join(" · ") || t("job.nothing")),
      isGoing && button(t("job.cancel"), act("cancel"), { icon: "stop" }),
      !isGoing && job.counts.failed > 0 && button(t("job.retry"), act("retry"), { icon: "retry" }),
      !isGoing && button("", () => card.remove(), { icon: "close", label: t("close") }),
    ),
    isGoing && h("progress", { max: Math.max(all, 1), value: all - queued, "aria-label": t("job.progress") }),
    job.note && h("p", { class: "soft small" }, job.note),
    failures(job.failures ?? []),
  );
}

function failures(found) {
  if (!found.length) return null;
  const rows = found.slice(0, SHOWN_FAILURES).map((one) => h("li", {}, h("strong", {}, one.document_id), " ", h("span", { class: "fault" }, named("stage", one.stage)), " ", h("span", { class: "soft" }, one.reason)));
  return h("ul", { class: "plain small" }, rows, found.length > SHOWN_FAILURES && h("li", { class: "soft" }, t("job.others", { n: found.length - SHOWN_FAILURES })));
}
