// Baseline beside canary: ratios with their intervals as tables with whiskers, and latencies as curves with their percentiles.

import { latencyChart } from "./charts.js";
import { capital, h, ms, percent, section, svg, table, when } from "./dom.js";

const KINDS = { sli: "Steps", flow: "Flows", psp: "PSPs", provider: "Game providers", market: "Markets", brand: "Brands" };

export function comparison(health) {
  const kinds = [...new Set(health.groups.map((group) => group.kind))];
  const parts = kinds.map((kind) => ratios(KINDS[kind] ?? capital(kind), health.groups.filter((group) => group.kind === kind)));
  return section("compare", "Baseline beside canary",
    h("p", { class: "hint" }, "Success ratios since ", when(health.evidence.figures_since), " with their 95 % intervals. ", key("baseline"), " ", key("canary")),
    parts.length ? h("div", { class: "ratios" }, parts) : h("p", { class: "card plain" }, "No run has ended yet."));
}

export const key = (side) => h("span", { class: `key ${side}` }, side);

function ratios(caption, groups) {
  const from = scaleFrom(groups);
  const rows = groups.map((group) => [
    group.value ? h("span", { class: "sub" }, group.value) : group.kind === "sli" ? capital(group.title) : group.title,
    share(group.baseline), share(group.canary, worse(group)), whiskers(group, from),
  ]);
  const scale = h("span", { class: "scale" }, h("span", {}, percent(from, 0)), h("span", {}, "100 %"));
  return h("div", { class: "card" }, table(caption, ["", "Baseline", "Canary", scale], rows, { class: "ratio" }));
}

// The widest scale that the intervals need, in steps that a reader can name.
function scaleFrom(groups) {
  const least = Math.min(...groups.flatMap(({ baseline, canary }) => [baseline.low ?? 1, canary.low ?? 1]));
  return [0.95, 0.9, 0.8, 0.5].find((start) => start <= least) ?? 0;
}

const worse = ({ baseline, canary }) => canary.high !== null && baseline.low !== null && canary.high < baseline.low;

function share({ held, total, ratio }, isWorse = false) {
  return [
    h("span", { class: isWorse ? "number worse" : "number" }, percent(ratio)),
    h("span", { class: "of" }, `${held}/${total}`), isWorse ? h("span", { class: "of worse" }, "below baseline") : null,
  ];
}

function whiskers({ baseline, canary }, from) {
  const at = (value) => `${((value - from) / (1 - from)) * 96 + 2}%`;
  const lines = [[baseline, "baseline", 8], [canary, "canary", 20]].flatMap(([side, name, y]) => side.ratio === null ? [] : [
    svg("line", { class: `reach ${name}`, x1: at(side.low), x2: at(side.high), y1: y, y2: y }),
    svg("line", { class: `point ${name}`, x1: at(side.ratio), x2: at(side.ratio), y1: y - 5, y2: y + 5 }),
  ]);
  return svg("svg", { class: "whiskers", "aria-hidden": "true", width: "100%", height: 28 }, ...lines);
}

export function latencies(health) {
  const whole = health.latencies.filter((told) => !told.value);
  return section("latency", "Latency",
    h("p", { class: "hint" }, "The share that was answered within so many milliseconds, since ", when(health.evidence.figures_since), ": further left is faster; where the dashed lines cross is what is promised. ", key("baseline"), " ", key("canary")),
    whole.length
      ? h("div", { class: "grid" }, whole.map((told) => latency(told, health.latencies.filter((other) => other.value && other.sli === told.sli))))
      : h("p", { class: "card plain" }, "Nothing was measured yet."));
}

function latency(told, parts) {
  const name = told.title;
  const late = (side) => told.target !== null && side.within !== null && side.within < told.target;
  const tag = late(told.canary) && (late(told.baseline) ? ["inconclusive", "both over their bound"] : ["fail", "over its bound"]);
  const more = parts.length
    ? h("details", { id: `more-${told.sli}` }, h("summary", {}, "Each by itself"), parts.map((part) => [
      h("h4", {}, part.value), curves(part), percentiles(part)]))
    : null;
  return h("article", { class: "card" },
    h("h3", {}, capital(name), tag ? h("span", { class: `tag ${tag[0]}` }, tag[1]) : null),
    h("p", { class: "hint" }, told.bound_ms === null ? "nothing promised" : `${percent(told.target, 0)} within ${told.bound_ms} ms`),
    curves(told), percentiles(told), more);
}

const curves = (told) => latencyChart(told, `${told.title}: 95 % within ${ms(told.canary.p95)} on the canary, ${ms(told.baseline.p95)} on the baseline`);

const bare = (value) => (value === null ? "–" : value.toFixed(value >= 100 ? 0 : 1));

function percentiles(told) {
  const within = told.bound_ms !== null;
  const rows = ["baseline", "canary"].map((side) => [side, told[side]]);
  return table(h("span", { class: "unseen" }, `${told.title}, percentiles`), ["", "Count", "p50 ms", "p95 ms", "p99 ms", ...(within ? ["In bound"] : [])],
    rows.map(([title, side]) => [title, side.count, bare(side.p50), bare(side.p95), bare(side.p99), ...(within ? [percent(side.within)] : [])]),
    { class: "percentiles" });
}
