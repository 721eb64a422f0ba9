// One run as a waterfall: what was sent, what was expected, what came, and when.

import { amount, clock, day, h, ms, outward, section } from "./dom.js";

export function runView(run, back) {
  const bad = run.outcome === "failed";
  const blame = run.attribution || (run.blame ? `${run.blame}: ${run.reason}` : run.reason);
  return [
    h("p", { class: "back" }, h("a", { href: back }, "← Back to the rollout")),
    h("section", { class: `card verdict ${bad ? "fail" : run.outcome === "ok" ? "pass" : "inconclusive"}`, "aria-labelledby": "run-title" },
      h("p", { class: "release" }, h("span", { class: "id" }, run.run_id), " ", h("span", {}, "on ", h("strong", {}, `${run.cell} ${run.version}`))),
      h("h1", { id: "run-title", class: "name" }, run.name, h("span", { class: `tag ${bad ? "fail" : "pass"}` }, run.outcome)),
      h("p", { class: "hint" }, run.title),
      blame ? h("p", { class: "why" }, blame) : null,
      h("p", { class: "hint" }, `${day(run.started_at)} ${clock(run.started_at)} UTC, took ${ms(run.duration_ms)}, player ${run.player}, trace `,
        outward(run.trace_url, run.trace_id) || h("code", {}, run.trace_id), run.tainted ? "; our own lag spoiled a measurement" : "")),
    section("waterfall", "Waterfall", h("ol", { class: "card waterfall" }, run.steps.map((step) => stepView(step, Math.max(run.duration_ms, 0.001))))),
    linesOf("checks", "Checks", run.checks.map((check) => [check.held === false ? "broken" : check.held ? "held" : "unjudged", check.name, [check.message, ...check.evidence]])),
    linesOf("money", "Money", run.money.map((moved) => [moved.outcome, `${moved.direction} ${amount(moved.amount)}`, [`${moved.step}, ${moved.key}`]])),
    linesOf("undo", "Brought back", [
      ...run.undo.map((undo) => [undo.stranded ? "stuck" : undo.result, undo.step, [undo.reason]]),
      ...run.stranded.map((stranded) => ["stranded", amount(stranded), ["somebody has to bring it back by hand"]])]),
  ];
}

function stepView(step, total) {
  return h("li", { class: step.held ? "held" : "failed" },
    h("p", { class: "step" }, h("strong", {}, step.id), ` ${step.held ? "" : "FAILED "}${step.words} `, h("span", { class: "op" }, step.operation)),
    step.held || !step.reason ? null : h("p", { class: "said" }, `${step.reason} (blame ${step.blame || "nobody"})`),
    step.bars.map((bar) => h("details", { class: bar.held ? "bar" : "bar failed", open: bar.failing },
      h("summary", {}, h("span", { class: "status" }, bar.status || "frame"), h("span", { class: "what" }, bar.what),
        h("span", { class: "took" }, ms(bar.took_ms)), track(bar, total)),
      h("pre", { tabindex: 0, "aria-label": `What was sent and came: ${bar.what}` }, bar.dialogue.join("\n")))));
}

function track(bar, total) {
  const mark = h("span", { class: "mark" });
  const left = Math.min(99, (bar.start_ms / total) * 100);
  mark.style.left = `${left}%`;
  mark.style.width = `${Math.max(0.8, Math.min(100 - left, (bar.took_ms / total) * 100))}%`;
  return h("span", { class: "track", "aria-hidden": "true" }, mark);
}

const ALARMING = new Set(["broken", "stuck", "stranded", "unknown"]);

function linesOf(id, title, lines) {
  if (!lines.length) return null;
  return section(id, title, h("ul", { class: "card listed" }, lines.map(([word, name, more]) =>
    h("li", {}, h("span", { class: `tag ${ALARMING.has(word) ? "fail" : "pass"}` }, word), h("strong", {}, name), more.filter(Boolean).map((line) => h("p", {}, line))))));
}
