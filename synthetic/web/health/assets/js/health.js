// One rollout: may it go on, why, what to do, and what that is based on; in this order.

import { evidenceChart } from "./charts.js";
import { comparison, latencies } from "./compare.js";
import { amount, between, capital, clock, h, lasting, outward, percent, plural, section, table, when } from "./dom.js";

const SIGNS = { pass: "✓", fail: "✕", inconclusive: "‖", over: "■" };
const words = (reason) => reason.replaceAll("_", " ");

// Named parts: each is built anew only when what it tells has changed.
export const PARTS = [
  ["verdict", (health) => [health.verdict, health.rollout], verdict],
  ["facts", (health) => [health.evidence, health.rollout, health.verdict, health.kill_switch, health.stranded], facts],
  ["contents", () => "", contents],
  ["failing", (health) => [health.failing, health.failing_left_out], failing],
  ["evidence", (health) => health.streams, evidence],
  ["compare", (health) => [health.groups, health.evidence.figures_since], comparison],
  ["latency", (health) => [health.latencies, health.evidence.figures_since], latencies],
  ["history", (health) => [health.history, health.rollout.steps, health.rollout.ended_at], history],
];

const moodOf = ({ verdict, rollout }) => (rollout.ended_at ? "over" : verdict.verdict);

export const titleOf = ({ verdict, rollout }) => `${SIGNS[moodOf({ verdict, rollout })]} ${verdict.headline} – ${rollout.id} – Release Health`;

function verdict({ verdict, rollout }) {
  const mood = moodOf({ verdict, rollout });
  const version = (cell, number) => h("strong", {}, number ? `${cell} ${number}` : cell);
  return h("section", { id: "verdict", class: `card verdict ${mood}`, "aria-labelledby": "verdict-title" },
    h("p", { class: "release" }, h("span", { class: "id" }, rollout.id), " ",
      h("span", {}, version(rollout.cell, rollout.version), " beside ", version(rollout.baseline, rollout.baseline_version))),
    h("h1", { id: "verdict-title" }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[mood]), verdict.headline,
      h("span", { class: `tag ${verdict.verdict}` }, `${verdict.verdict}: ${words(verdict.reason)}`)),
    h("p", { class: "why" }, verdict.explanation),
    h("p", { class: "todo" }, h("strong", {}, "What to do: "), verdict.todo),
    rollout.ended_at ? h("p", { class: "hint" }, "Ended ", when(rollout.ended_at), " UTC.") : null,
    verdict.since && !rollout.ended_at ? h("p", { class: "hint" }, "So since ", when(verdict.since), " UTC (", h("span", { "data-since": verdict.since }), ")",
      verdict.suspect ? "; probes are denser for a while" : "", ".") : null);
}

function facts({ evidence, rollout, verdict, kill_switch: kill, stranded, generated_at: now }) {
  const step = rollout.steps.at(-1);
  return h("dl", { id: "facts", class: "facts" },
    fact("Based on", plural(evidence.pairs, "pair"), [`since `, when(evidence.since),
      evidence.missing_pairs ? `; ${evidence.missing_pairs} lost to our own faults` : ""]),
    fact("Newest pair", evidence.last_pair_at ? age(evidence.last_pair_at, rollout.ended_at ? null : evidence.stale_after_s) : "none yet",
      rollout.ended_at ? "nothing is awaited" : evidence.last_pair_at ? `too old after ${lasting(evidence.stale_after_s)}` : "nothing to judge by"),
    fact(rollout.ended_at ? "Canary's traffic at the end" : "Canary's traffic", `${step ? step.weight : 0} %`, step ? ["since ", when(step.at), ` (step ${rollout.steps.length})`] : "before the first step"),
    fact("Until a pass", verdict.verdict === "pass" ? "nothing" : verdict.pairs_missing ? plural(verdict.pairs_missing, "pair") : verdict.verdict === "fail" ? "–" : "unknown",
      rollout.ended_at ? "it has ended" : verdict.verdict === "pass" ? "the step may be taken" : verdict.ready_at ? `clean ones; about ${clock(verdict.ready_at).slice(0, 5)} UTC, in ${between(now, verdict.ready_at)}`
        : verdict.verdict === "fail" ? "it will not pass" : "while this reason holds"),
    fact("Kill switch", kill.stopped ? "thrown" : "off", kill.stopped ? kill.words.join("; ") : "runs are played", kill.stopped && "alarm"),
    fact("Stranded money", stranded.length ? stranded.map(amount).join(", ") : "none",
      stranded.length ? "what these runs could not bring home" : "all of it came home", stranded.length && "alarm"));
}

// In a file that is read days later, an age is no help.
const age = (at, stale) => (document.body.dataset.export ? [when(at), " UTC"] : [h("span", { "data-since": at, "data-stale": stale }), " ago"]);

const fact = (name, value, more, mood) => h("div", { class: mood ? `card ${mood}` : "card" }, h("dt", {}, name), h("dd", {}, h("strong", {}, value), h("span", {}, more)));

function contents() {
  const parts = { failing: "Failing runs", evidence: "Evidence", compare: "Baseline beside canary", latency: "Latency", history: "Decisions" };
  return h("nav", { id: "contents", "aria-label": "On this page" }, Object.entries(parts).map(([id, name]) => h("a", { href: `#${id}` }, name)),
    document.body.dataset.export ? null : h("a", { class: "save", href: `${location.pathname}/export`, download: true }, "Save as one file"));
}

function failing({ failing: groups, failing_left_out: leftOut }) {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  return section("failing", "Failing runs",
    count ? h("p", { class: "hint" }, "The newest of each place; a run opens as its waterfall.",
      leftOut ? ` ${plural(leftOut, "older place")} left out.` : "") : h("p", { class: "card plain" }, "No run has failed."),
    groups.map(failingGroup));
}

function failingGroup(group) {
  const other = group.side === "canary" ? "baseline" : "canary";
  const twins = { ok: `${other} ok`, failed: `${other} failed, too`, none: `${other} unknown` };
  const rows = group.runs.map((run) => [
    linkTo(run),
    Object.values(run.row).join(", ") || "–", twins[run.twin], outward(run.trace_url, "trace") || h("code", {}, run.trace_id.slice(0, 8)),
  ]);
  return h("article", { class: "card group" },
    h("h3", {}, h("span", { class: `key ${group.side}` }, group.side), ` ${group.flow}: ${group.failed_at}`),
    h("p", { class: "count" }, h("strong", {}, plural(group.count, "run")), ` failed, ${group.alone} of them while the ${other} was fine. Blame: `, h("strong", {}, group.blame), "."),
    group.whom_to_ask ? h("p", { class: "hint" }, group.whom_to_ask) : null,
    group.reason ? h("p", { class: "said" }, group.reason) : null,
    table(h("span", { class: "unseen" }, `Newest runs: ${group.flow}, ${group.failed_at}`), ["Run", "With", "Other side", "Trace"], rows, { class: "runs" }));
}

// In an export a link leads to a place within it, where the run's record was at hand when it was made.
export const inside = new Set();

function linkTo({ run_id: id, at }) {
  const words = [clock(at), h("span", { class: "unseen" }, ` run ${id}`)];
  if (!document.body.dataset.export) return h("a", { href: `${location.pathname}/runs/${encodeURIComponent(id)}`, id: `run-${id}` }, words);
  return inside.has(id) ? h("a", { href: `#run=${encodeURIComponent(id)}`, id: `run-${id}` }, words) : h("span", {}, words);
}

function evidence({ streams }) {
  const way = (share) => (share >= 2 ? "over 200 %" : percent(share, 0)); // the document tells no more
  const rows = streams.map((one) => [capital(one.title), one.pairs, one.canary_only, one.baseline_only, one.both, way(one.to_rollback), way(one.to_pass),
    `${one.streak}, needed ${one.streak_needed}`]);
  return section("evidence", "Evidence",
    h("p", { class: "hint" }, "How far each promise has come: up towards a rollback, down towards a pass. The gate decides at the dashed lines."),
    streams.length ? h("div", { class: "grid" }, streams.map(stream)) : h("p", { class: "card plain" }, "No pairs yet."),
    streams.length ? h("details", { id: "evidence-table", class: "card" }, h("summary", {}, "The same as a table"), h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Evidence as a table" },
      table("Pairs and evidence", ["Promise", "Pairs", "Canary alone", "Baseline alone", "Both", "To rollback", "To pass", "Ticks over"], rows))) : null);
}

function stream(one) {
  const state = { regressed: ["fail", "regressed"], over: ["inconclusive", `over, tick ${one.streak} of ${one.streak_needed}`], suspect: ["inconclusive", "suspect"], pass: ["pass", "pass"] }[one.standing];
  const label = `${one.title}: ${percent(one.to_rollback, 0)} of the way to a rollback, ${percent(one.to_pass, 0)} of the way to a pass`;
  return h("article", { class: "card" },
    h("h3", {}, capital(one.title), state ? h("span", { class: `tag ${state[0]}` }, state[1]) : null),
    h("p", { class: "hint" }, one.promise), evidenceChart(one, label),
    h("p", { class: "count" }, "Of ", h("strong", {}, plural(one.pairs, "pair")), ", ", h("strong", {}, `${one.canary_only || "none"} failed on the canary alone`), `, ${one.baseline_only || "none"} on the baseline alone, ${one.both || "none"} on both sides.`));
}

function history({ history: decided, rollout }) {
  const lines = decided.map((line) => [line.at, h("li", {}, when(line.at), h("span", { class: `tag ${line.verdict}` }, `${line.verdict}: ${words(line.reason)}`),
    h("span", { class: "weight" }, `at ${line.weight} %`), h("p", {}, line.explanation))]);
  const steps = rollout.steps.map((step) => [step.at, h("li", { class: "step" }, when(step.at), h("span", {}, `The canary ${rollout.ended_at ? "took" : "takes"} ${step.weight} % of the traffic`))]);
  const start = [[rollout.started_at, h("li", { class: "step" }, when(rollout.started_at), h("span", {}, `Started${rollout.by ? ` by ${rollout.by}` : ""}`))]];
  const newestFirst = [...start, ...steps, ...lines].map((line, place) => [...line, place]).sort((a, b) => new Date(b[0]) - new Date(a[0]) || b[2] - a[2]);
  return section("history", "Decisions", h("ol", { class: "card history" }, newestFirst.map(([, node]) => node)));
}
