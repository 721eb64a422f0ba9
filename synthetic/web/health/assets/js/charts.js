// Charts by uPlot, in the colours of the page. Each is an image with its meaning in words; its numbers stand in a table beside it.

import { clock, h } from "./dom.js";

// A custom property resolved for the present theme: canvas knows no light-dark().
function ink(name) {
  const probe = document.body.appendChild(h("i", { hidden: true }));
  probe.style.color = `var(${name})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

const chartsIn = (place) => place.querySelectorAll(".chart");

export const redraw = () => chartsIn(document).forEach((box) => box.draw());

// What leaves the page: a plot listens to the window until it is destroyed.
export const dispose = (place) => chartsIn(place).forEach((box) => box.dispose());

// Draws once the box is in the page and has a width, and again whenever that changes.
function chart(label, height, options, data) {
  const box = h("div", { class: "chart", role: "img", "aria-label": label });
  let plot = null;
  box.draw = () => {
    if (!box.clientWidth) return; // folded away
    plot?.destroy();
    plot = new uPlot({ width: box.clientWidth, height, ...options() }, data, box);
  };
  const watching = new ResizeObserver(() => {
    if (!box.isConnected || !box.clientWidth) return;
    plot ? plot.setSize({ width: box.clientWidth, height }) : box.draw();
  });
  watching.observe(box);
  box.dispose = () => { watching.disconnect(); plot?.destroy(); };
  return box;
}

const quiet = { legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0] };
const axis = (more) => ({
  stroke: ink("--soft"), font: "11px system-ui, sans-serif", size: 24, gap: 3,
  grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false }, ...more,
});

function rule(plot, { x = null, y = null, colour, text = "", below = false, dash = [5, 4] }) {
  const { ctx, bbox } = plot;
  const at = x === null ? plot.valToPos(y, "y", true) : plot.valToPos(x, "x", true);
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = ratio * 1.25;
  ctx.setLineDash(dash.map((part) => part * ratio));
  ctx.beginPath();
  if (x === null) { ctx.moveTo(bbox.left, at); ctx.lineTo(bbox.left + bbox.width, at); }
  else { ctx.moveTo(at, bbox.top); ctx.lineTo(at, bbox.top + bbox.height); }
  ctx.stroke();
  ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
  ctx.fillText(text, bbox.left + 4 * ratio, at + (below ? 12 : -4) * ratio);
  ctx.restore();
}

// Up is towards a rollback, down towards a pass; the dashed lines are where the gate decides.
export function evidenceChart(stream, label) {
  const at = stream.line.map((point) => new Date(point.at) / 1000);
  const up = stream.line.map((point) => Math.min(point.to_rollback, 1.2));
  const down = stream.line.map((point) => -Math.min(point.to_pass, 1.2));
  const shown = at.at(-1) - at[0] < 240 ? 8 : 5; // with seconds where minutes would all be alike
  return chart(label, 136, () => ({
    ...quiet,
    padding: [2, 18, 0, 18],
    scales: { x: { time: true }, y: { range: [-1.5, 1.5] } },
    axes: [
      axis({ space: 70, values: (_, values) => values.map((value) => clock(value * 1000).slice(0, shown)) }),
      axis({ show: false }),
    ],
    series: [
      {},
      { stroke: ink("--fail"), width: 2, fill: ink("--fail-wash"), points: { show: at.length < 3 }, fillTo: 0, show: Math.max(...up) > 0 },
      { stroke: ink("--pass"), width: 2, fill: ink("--pass-wash"), points: { show: at.length < 3 }, fillTo: 0, show: Math.min(...down) < 0 },
    ],
    hooks: { draw: [(plot) => {
      rule(plot, { y: 0, colour: ink("--soft"), dash: [] });
      rule(plot, { y: 1, colour: ink("--fail"), text: "roll back" });
      rule(plot, { y: -1, colour: ink("--pass"), text: "pass", below: true });
    }] },
  }), [at, up, down]);
}

// The share that was answered within so many milliseconds. It has to pass left of, or above, where the dashed lines cross.
export function latencyChart(told, label) {
  const last = Math.max(told.bound_ms ? told.bound_ms * 1.15 : 0, told.baseline.p99 || 0, told.canary.p99 || 0);
  const steps = uPlot.paths.stepped({ align: 1 });
  return chart(label, 168, () => ({
    ...quiet,
    padding: [8, 22, 0, 0],
    scales: { x: { time: false, range: [0, last || 1] }, y: { range: [0, 1.04] } },
    axes: [
      axis({ space: 56, values: (_, values) => values.map((value) => (value ? `${value} ms` : "")) }),
      axis({ size: 38, space: 34, values: (_, values) => values.map((value) => `${Math.round(value * 100)} %`) }),
    ],
    series: [
      {},
      { stroke: ink("--baseline"), width: 2, paths: steps, points: { show: false } },
      { stroke: ink("--canary"), width: 2, paths: steps, points: { show: false } },
    ],
    hooks: { draw: [(plot) => {
      if (told.bound_ms === null) return;
      rule(plot, { x: told.bound_ms, colour: ink("--ink") });
      rule(plot, { y: told.target, colour: ink("--ink") });
    }] },
  }), [[0, ...told.ms], [told.baseline.count ? 0 : null, ...told.baseline_share], [told.canary.count ? 0 : null, ...told.canary_share]]);
}
