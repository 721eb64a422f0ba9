"""The style of our part of Locust's HTML report: readable in light and dark, on paper, and on a phone."""

STYLE = """
.synthetic { --ink:#1b1f24; --quiet:#57606a; --line:#d0d7de; --soft:#f6f8fa; --good:#116329; --good-bg:#dafbe1; --bad:#a40e26;
  --bad-bg:#ffebe9; --open:#6a4b00; --open-bg:#fff8c5; background:#fff; color:var(--ink); max-width:1160px; margin:0 auto;
  padding:28px 24px 12px; font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif; }
.synthetic * { box-sizing:border-box; }
.synthetic header { border-left:6px solid; padding:14px 20px; border-radius:4px; margin-bottom:20px; }
.synthetic header.held { background:var(--good-bg); border-color:var(--good); }
.synthetic header.missed { background:var(--bad-bg); border-color:var(--bad); }
.synthetic header.unknown { background:var(--open-bg); border-color:var(--open); }
.synthetic h1 { font-size:26px; margin:0; line-height:1.25; }
.synthetic h2 { font-size:17px; margin:28px 0 8px; }
.synthetic .on { margin:4px 0 0; }
.synthetic ul { margin:10px 0 0; padding-left:20px; }
.synthetic .quiet { color:var(--quiet); margin-top:28px; border-top:1px solid var(--line); padding-top:12px; font-size:13px; }
.synthetic dl { margin:0; display:grid; gap:6px; }
.synthetic dl div { display:grid; grid-template-columns:minmax(180px,270px) 1fr; gap:16px; }
.synthetic dt { color:var(--quiet); }
.synthetic dd { margin:0; font-variant-numeric:tabular-nums; }
.synthetic table { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; }
.synthetic th { text-align:left; font-weight:600; color:var(--quiet); font-size:13px; border-bottom:2px solid var(--line);
  padding:6px 12px 6px 0; white-space:nowrap; }
.synthetic td { border-bottom:1px solid var(--line); padding:6px 12px 6px 0; vertical-align:top; white-space:nowrap; }
.synthetic table.wide td:last-child { white-space:normal; overflow-wrap:anywhere; }
.synthetic .under { padding-left:18px; }
.synthetic .chip { display:inline-block; min-width:74px; text-align:center; border-radius:999px; padding:1px 10px; font-size:13px;
  font-weight:600; }
.synthetic .chip.held { background:var(--good-bg); color:var(--good); }
.synthetic .chip.missed { background:var(--bad-bg); color:var(--bad); }
.synthetic .chip.unknown { background:var(--open-bg); color:var(--open); }
@media (max-width:700px) { .synthetic table { display:block; overflow-x:auto; }
  .synthetic dl div { grid-template-columns:1fr; gap:0; } }
"""
