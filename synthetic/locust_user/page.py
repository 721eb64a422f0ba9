"""Our part of Locust's HTML report: thresholds, SLIs, blame and money, above Locust's own statistics. No script, no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from synthetic.locust_user.asked import Asked
from synthetic.locust_user.figures import Figures, SliFigure
from synthetic.locust_user.page_style import STYLE
from synthetic.locust_user.summary import Told, told_money, told_percentiles, told_reconciled, told_runs
from synthetic.locust_user.thresholds import Exit, Judgement, Row, Verdict

REASONS_SHOWN = 15
_BODY = "<body>"
_BELOW = (
    "Below: Locust's own report. Its failures say whom they are blamed on; <code>RUN</code> is a whole run, <code>HTTP</code> one "
    "request, <code>WS</code> one round trip over a WebSocket, <code>WS-OPEN</code> its handshake."
)
_WORDS = {Verdict.HELD: "held", Verdict.MISSED: "missed", Verdict.UNKNOWN: "too little"}


def add_to_report(path: Path, told: Told) -> None:
    """Put our part above Locust's own, in the file that Locust has written."""
    report = path.read_text(encoding="utf-8")
    place = report.rfind(_BODY) + len(_BODY)  # there is one in its script, too
    path.write_text(report[:place] + part(told) + report[place:], encoding="utf-8")


def part(told: Told) -> str:
    """Our part, as HTML with its own style; nothing of it touches Locust's."""
    figures = told.figures
    return "\n".join(
        [
            f"<style>{STYLE}</style>",
            '<main class="synthetic" aria-label="Synthetic: thresholds, blame and money">',
            *_verdict(told.asked, figures, told.judgement),
            *_facts(told),
            *_thresholds(told.judgement),
            *_slis(figures),
            *_blame(figures),
            f'<p class="quiet">{_BELOW}</p>',
            "</main>",
        ]
    )


def _verdict(asked: Asked, figures: Figures, judgement: Judgement) -> Iterator[str]:
    kind = {Exit.PASS: "held", Exit.NOTHING_RAN: "unknown"}.get(judgement.exit, "missed")
    cell = asked.cell
    yield f'<header class="{kind}">'
    yield f"<h1>{escape(judgement.headline.capitalize())}</h1>"
    yield f'<p class="on">cell <b>{escape(cell.name)}</b>, version {escape(cell.version)}, market {escape(cell.market)}'
    yield f" · SLO <b>{escape(asked.policy.name or 'slo')}</b> · exit code {int(judgement.exit)}</p>"
    if judgement.sentences:
        yield "<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in judgement.sentences) + "</ul>"
    yield "</header>"
    if not figures.runs:
        yield "<p>No run came to its end.</p>"


def _facts(told: Told) -> Iterator[str]:
    figures = told.figures
    rows = [("Limit", told.limit)] if told.limit else []
    if told.played:
        rows.append(("Played", told.played))
    rows.append(("Runs", told_runs(figures)))
    if figures.runs:
        rows.append((f"{told.a_run.capitalize()}, whatever it came to", told_percentiles(figures.from_due)))
        rows.append(("Begun late by", told_percentiles(figures.late)))
    rows += [(f"Not begun: {reason}", str(count)) for reason, count in figures.missed.items()]
    rows += [(f"Money, {currency}", moved) for currency, moved in told_money(figures)]
    rows.append(("Reconciled", told_reconciled(told.reconciled)))
    yield "<dl>"
    yield from (f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in rows)
    yield "</dl>"


def _thresholds(judgement: Judgement) -> Iterator[str]:
    yield "<h2>Thresholds</h2>"
    yield from _table(
        ("", "objective", "of", "promised", "measured", "samples", "left out"),
        [_threshold(row) for row in judgement.rows],
    )


def _threshold(row: Row) -> list[str]:
    chip = f'<span class="chip {row.verdict}">{_WORDS[row.verdict]}</span>'
    texts = (row.name, f"{row.sli} {row.label}".strip(), row.promised, row.measured)
    return [chip, *map(escape, texts), str(row.samples), str(row.left_out or "")]


def _slis(figures: Figures) -> Iterator[str]:
    """Every SLI, and each PSP (or other label) of it."""
    if not figures.slis:
        return
    yield "<h2>By operation and PSP</h2>"
    yield '<p class="quiet">Percentiles are of what held; what was left out is in no figure.</p>'
    rows = []
    for name in dict.fromkeys(name for name, _ in figures.slis):
        rows.append(_sli(f"<b>{escape(name)}</b>", figures.sli(name)))
        labels = dict.fromkeys(label for known, pairs in figures.slis if known == name for label, _ in pairs)
        for label in labels:
            parts = figures.by_label(name, label)
            rows += [_sli(f'<span class="under">{escape(value)}</span>', one) for value, one in parts.items()]
    yield from _table(("SLI", "success", "of", "p50", "p95", "p99", "left out"), rows)


def _sli(name: str, figure: SliFigure) -> list[str]:
    ratio = f"{100 * figure.held / figure.total:.2f} %" if figure.total else "-"
    times = [figure.latencies.percentile_ms(percent) for percent in (50, 95, 99)]
    shown = [f"{value:.0f} ms" if value is not None else "-" for value in times]
    return [name, ratio, str(figure.total), *shown, str(figure.left_out or "")]


def _blame(figures: Figures) -> Iterator[str]:
    reasons = figures.told_reasons()
    if not reasons:
        return
    yield "<h2>Blame</h2>"
    blames = ", ".join(f"<b>{escape(blame)}</b> {count}" for blame, count in figures.blames.most_common())
    yield f"<p>{blames}</p>"
    rows = [[str(count), *map(escape, (blame, what, why))] for blame, what, why, count in reasons[:REASONS_SHOWN]]
    yield from _table(("runs", "blamed", "step or law", "reason"), rows, wide=True)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, wide: bool = False) -> Iterator[str]:
    """A table of cells that are HTML already."""
    yield f"<table{' class=wide' if wide else ''}><thead><tr>"
    yield "".join(f'<th scope="col">{name}</th>' for name in head) + "</tr></thead><tbody>"
    yield from ("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    yield "</tbody></table>"
