// The list of rollouts, those that go on first.

import { between, day, h, section, table, when } from "./dom.js";

const TAGS = { "": ["none", "not asked yet"], pass: ["pass", "pass"], fail: ["fail", "fail"], inconclusive: ["inconclusive", "hold"] };

export function rolloutsView(rollouts, now) {
  const going = rollouts.filter((line) => !line.ended_at);
  const ended = rollouts.filter((line) => line.ended_at);
  return [
    h("h1", { class: "lead" }, "Rollouts"),
    section("going", "Under way", going.length ? rolloutTable("Rollouts under way", going, now) : h("p", { class: "card plain" }, "No rollout is under way.")),
    ended.length ? section("ended", "Ended", rolloutTable("Rollouts that have ended", ended, now)) : null,
  ];
}

function rolloutTable(caption, lines, now) {
  const rows = lines.map((line) => {
    const [mood, word] = TAGS[line.verdict] || TAGS[""];
    return [
      [h("a", { href: `/rollouts/${encodeURIComponent(line.id)}`, id: `rollout-${line.id}` }, line.id), h("span", { class: "of" }, `${line.cell}${line.version ? ` ${line.version}` : ""} beside ${line.baseline}`)],
      [h("span", { class: `tag ${mood}` }, word), h("span", { class: "of" }, (line.reason || "").replaceAll("_", " "))],
      `${line.weight} %`,
      line.ended_at ? [(line.ending || "ended").replaceAll("_", " "), h("span", { class: "of" }, `${day(line.ended_at)} `, when(line.ended_at))]
        : [when(line.started_at), h("span", { class: "of" }, `for ${between(line.started_at, now)}`)],
    ];
  });
  return h("div", { class: "card" }, table(h("span", { class: "unseen" }, caption), ["Rollout", "Verdict", lines[0].ended_at ? "Traffic at the end" : "Traffic", lines[0].ended_at ? "Ending" : "Since (UTC)"], rows, { class: "rollouts" }));
}
