// What is shown, and how it stays up to date: the document inside the page first, then each one that the gate sends.

import { dispose, redraw } from "./charts.js";
import { clock, day, lasting, setToday } from "./dom.js";
import { PARTS, inside, titleOf } from "./health.js";
import { rolloutsView } from "./rollouts.js";
import { runView } from "./run.js";

const SILENT_S = 25; // the gate says something every 10 s
const LISTED_EVERY_MS = 15000;
const main = document.getElementById("main");
const live = document.getElementById("live");
const announced = document.getElementById("announced");
const data = JSON.parse(document.getElementById("data").textContent);
if (data.export) document.body.dataset.export = "yes";
const told = new Map();
let ahead = 0; // the gate's clock less ours, in milliseconds
let heard = Date.now();

function say(state, text) {
  if (live.textContent !== text) live.textContent = text;
  live.dataset.state = state;
}

// Replaces what has changed and leaves the rest alone; the focus and what is unfolded stay where they were.
function showHealth(health) {
  ahead = new Date(health.generated_at) - Date.now();
  setToday(health.generated_at);
  const said = `${health.verdict.headline}: ${health.verdict.reason.replaceAll("_", " ")}`;
  if (told.size && announced.dataset.said !== said) announced.textContent = said; // a change is told to who does not see it
  announced.dataset.said = said;
  document.title = titleOf(health);
  for (const [id, part, build] of PARTS) {
    const now = JSON.stringify(part(health));
    if (told.get(id) === now && document.getElementById(id)) continue;
    told.set(id, now);
    swap(document.getElementById(id), build(health));
  }
  tick();
}

function swap(old, fresh) {
  if (!old) return main.append(fresh);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  for (const open of old.querySelectorAll("details[open][id]")) fresh.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
  dispose(old);
  old.replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function show(...nodes) {
  told.clear();
  dispose(main);
  main.replaceChildren(...nodes.flat().filter(Boolean));
}

// Ages count on between two documents.
function tick() {
  const now = data.export ? new Date(data.health.generated_at).getTime() : Date.now() + ahead;
  for (const node of main.querySelectorAll("[data-since]")) {
    const age = (now - new Date(node.dataset.since)) / 1000;
    node.textContent = lasting(age);
    if (node.dataset.stale) node.closest(".card").classList.toggle("alarm", age > Number(node.dataset.stale));
  }
}

function listen(address) {
  const events = new EventSource(address);
  const hear = () => { heard = Date.now(); say("live", "Live"); };
  events.addEventListener("health", (event) => { showHealth(JSON.parse(event.data)); hear(); });
  events.addEventListener("beat", hear);
  events.onerror = () => {
    say("lost", "Disconnected: what you see is getting old; trying again");
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listen(address), 5000); // a refusal is final to the browser
  };
}

function watchSilence() {
  const silent = (Date.now() - heard) / 1000;
  if (live.dataset.state === "live" && silent > SILENT_S) say("lost", "No word from the gate: what you see is getting old");
  tick();
}

// The list is a page of its own: ask for it again and take its data.
async function listAgain() {
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const fresh = JSON.parse(page.getElementById("data").textContent);
    const focused = document.activeElement.id;
    show(rolloutsView(fresh.rollouts, fresh.now));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    say("live", `As of ${clock(fresh.now)} UTC`);
  } catch {
    say("lost", "Disconnected: what you see is getting old; trying again");
  }
}

function showExport() {
  const run = data.runs[decodeURIComponent(location.hash.replace(/^#run=/, ""))];
  if (run) show(runView(run, "#verdict"));
  else if (!document.getElementById("verdict")) { show(); showHealth(data.health); }
  if (run) { main.focus(); scrollTo(0, 0); }
}

function darker() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a page from disk may have no storage */ }
  redraw();
}

try { document.documentElement.dataset.theme = localStorage.getItem("theme") || ""; } catch { /* the system's theme then */ }
document.getElementById("theme").addEventListener("click", darker);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

if (data.rollouts) {
  show(rolloutsView(data.rollouts, data.now));
  say("live", `As of ${clock(data.now)} UTC`);
  setInterval(listAgain, LISTED_EVERY_MS);
} else if (data.run) {
  show(runView(data.run, data.back));
} else if (data.export) {
  say("export", `Exported ${day(data.health.generated_at)} ${clock(data.health.generated_at)} UTC`);
  Object.keys(data.runs).forEach((run) => inside.add(run));
  addEventListener("hashchange", showExport);
  showExport();
} else {
  say("waiting", "Connecting");
  showHealth(data.health);
  listen(data.events);
  setInterval(watchSilence, 1000);
}
