// Building the page: every text of the document becomes a text node, never markup.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Only http(s) addresses become links, whatever a document says.
export function outward(href, ...children) {
  return /^https?:\/\//.test(href || "") ? h("a", { href, rel: "noreferrer", target: "_blank" }, ...children) : null;
}

// Rounded; but what is not all of it is never 100 %.
export const percent = (share, digits = 1) => {
  if (share === null) return "–";
  const most = share < 1 ? 100 - 10 ** -digits : Infinity;
  return share === 1 ? "100 %" : `${Math.min(share * 100, most).toFixed(digits)} %`;
};

export const ms = (value) =>
  value === null ? "–" : value >= 10000 ? `${(value / 1000).toFixed(1)} s` : `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ms`;

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const capital = (text) => text.replace(/^[a-z](?!\d)/, (first) => first.toUpperCase());

const pad = (number) => String(number).padStart(2, "0");

// UTC, as logs and colleagues in other countries have it.
export function clock(iso) {
  const at = new Date(iso);
  return `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`;
}

export const day = (iso) => iso.slice(0, 10);

let today = "";
export const setToday = (iso) => { today = day(iso); };

// Another day than that of the document is told, too.
export const when = (iso) => h("time", { datetime: iso, title: `${day(iso)} ${clock(iso)} UTC` }, day(iso) === today ? "" : `${day(iso).slice(5)} `, clock(iso));

export function lasting(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  return whole < 172800 ? `${(whole / 3600).toFixed(1)} h` : `${Math.round(whole / 86400)} days`;
}

export const between = (from, to) => lasting((new Date(to) - new Date(from)) / 1000);

export const amount = ({ minor, currency }) => {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  return `${(minor / 10 ** digits).toFixed(digits)} ${currency}`;
};

export function table(caption, head, rows, props = {}) {
  return h("table", props,
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rows.map(([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((cell) => h("td", {}, cell))))));
}

export const section = (id, title, ...children) =>
  h("section", { id, class: "part", "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...children);
