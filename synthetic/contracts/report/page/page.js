"use strict";
// Without this script the page shows everything. What is chosen stands in the address, so that a link shows the same.
(() => {
  const form = document.querySelector("form.filters");
  if (!form) return;
  form.hidden = false;
  const { only, provider, find } = form.elements;
  const said = form.querySelector("output");

  const read = () => {
    const chosen = new URLSearchParams(location.hash.startsWith("#?") ? location.hash.slice(2) : "");
    only.checked = chosen.get("only") === "broken";
    provider.value = chosen.get("provider") || "";
    if (provider.selectedIndex < 0) provider.value = "";
    find.value = chosen.get("find") || "";
  };

  const write = () => {
    const chosen = new URLSearchParams();
    if (only.checked) chosen.set("only", "broken");
    if (provider.value) chosen.set("provider", provider.value);
    if (find.value) chosen.set("find", find.value);
    history.replaceState(null, "", `#${chosen.size ? `?${chosen}` : ""}`);
  };

  const show = () => {
    const words = find.value.trim().toLowerCase();
    let shown = 0;
    for (const section of document.querySelectorAll("section.pair")) {
      const here = !provider.value || section.dataset.provider === provider.value;
      let lines = 0;
      for (const line of section.querySelectorAll("li[data-worst]")) {
        const bad = line.dataset.worst === "broken" || line.dataset.worst === "unjudged";
        const fits = here && (bad || !only.checked) && line.dataset.text.includes(words);
        line.hidden = !fits;
        lines += fits;
      }
      section.hidden = !lines;
      shown += lines;
    }
    for (const row of document.querySelectorAll("table.overview tbody tr")) {
      const fits = !provider.value || row.dataset.provider === provider.value;
      row.hidden = !fits || (only.checked && row.dataset.broken === "no");
    }
    for (const alarm of document.querySelectorAll(".alarm")) {
      alarm.hidden = Boolean(provider.value) && alarm.dataset.provider !== provider.value;
    }
    said.value = shown === 1 ? "1 interaction shown" : `${shown} interactions shown`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { write(); show(); });
  window.addEventListener("hashchange", () => {
    if (location.hash.startsWith("#?")) { read(); show(); return; }
    const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (there && there.hidden) { form.reset(); show(); there.scrollIntoView(); }
  });
  read();
  show();
})();
