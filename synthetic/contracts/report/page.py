"""The report as one self-contained page: no other file, no request, and nothing in it runs but its own script."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from synthetic.contracts.report.document import Pair, Results, Row, State
from synthetic.contracts.report.wording import readable
from synthetic.core.wording import printable

_SHOWN = {State.HELD: ("✓", "held"), State.BROKEN: ("✗", "broken"), State.UNVERIFIED: ("○", "not verified")}


@dataclass(frozen=True, slots=True)
class Cell:
    """An interaction at one version of the provider; `row` is None where that run did not know it."""

    version: str
    row: Row | None

    @property
    def mark(self) -> str:
        """The sign of its state: it is told without colour too."""
        return "–" if self.row is None else _SHOWN[self.row.state][0]

    @property
    def state(self) -> str:
        """In a word, as a class name has it."""
        return "unknown" if self.row is None else self.row.state.value

    @property
    def label(self) -> str:
        """In words."""
        if self.row is None:
            return "no such interaction then"
        return "could not be judged" if self.row.unjudged else _SHOWN[self.row.state][1]


@dataclass(frozen=True, slots=True)
class Line:
    """One interaction across versions."""

    description: str
    cells: tuple[Cell, ...]

    @property
    def worst(self) -> str:
        """`broken` or `unjudged` before anything else: what filters and colours go by."""
        rows = [cell.row for cell in self.cells if cell.row is not None]
        if any(row.state is State.BROKEN for row in rows):
            return "broken"
        if any(row.unjudged for row in rows):
            return "unjudged"
        return "held" if any(row.state is State.HELD for row in rows) else "left-out"

    @property
    def details(self) -> list[Cell]:
        """What there is to show: what is wrong before what is right, and newer before older."""
        known = [cell for cell in reversed(self.cells) if cell.row is not None]
        return sorted(known, key=lambda cell: cell.row is None or not cell.row.on_call)


@dataclass(frozen=True, slots=True)
class Section:
    """A consumer and a provider: the part of the matrix with their interactions and versions."""

    pairs: tuple[Pair, ...]
    lines: tuple[Line, ...]

    @property
    def anchor(self) -> str:
        """Where links lead."""
        return f"{self.pairs[0].consumer}--{self.pairs[0].provider}"

    @property
    def hits(self) -> list[tuple[str, str, int]]:
        """What is hit, whether a retry helps, and by how many broken interactions: the most first."""
        broken = Counter((row.hits, row.retry) for row in self._rows if row.state is State.BROKEN)
        return [(*words, count) for words, count in broken.most_common()]

    @property
    def blind(self) -> list[str]:
        """Sentences about what could not be judged, each once."""
        return list(dict.fromkeys(row.on_call for row in self._rows if row.unjudged))

    @property
    def _rows(self) -> list[Row]:
        return [cell.row for line in self.lines for cell in line.cells if cell.row is not None]

    @property
    def worst(self) -> str:
        """Of all its lines."""
        found = {line.worst for line in self.lines}
        return next(one for one in ("broken", "unjudged", "held", "left-out") if one in found or one == "left-out")


def page_of(results: Results, *, docs: str) -> str:
    """The page. `docs`: URL or relative path of the project's root, which links to documentation begin with."""
    environment = Environment(
        loader=PackageLoader("synthetic.contracts.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["readable"] = readable
    environment.filters["printable"] = printable
    script = _file("page.js")
    return environment.get_template("page.html").render(
        results=results,
        sections=_sections(results.pairs),
        verdict=_verdict(results),
        counts={state.value: results.count(state) for state in State},
        docs=docs.rstrip("/"),
        style=Markup(_file("page.css")),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _file(name: str) -> str:
    return resources.files("synthetic.contracts.report").joinpath("page", name).read_text(encoding="utf-8")


def _sections(pairs: Sequence[Pair]) -> list[Section]:
    by_names: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        by_names.setdefault((pair.consumer, pair.provider), []).append(pair)
    return [_section(tuple(versions)) for _, versions in sorted(by_names.items())]


def _section(pairs: tuple[Pair, ...]) -> Section:
    rows = [{row.description: row for row in pair.rows} for pair in pairs]
    descriptions = sorted({description for one in rows for description in one})
    lines = [
        Line(
            description, tuple(Cell(pair.version, one.get(description)) for pair, one in zip(pairs, rows, strict=True))
        )
        for description in descriptions
    ]
    first = {"broken": 0, "unjudged": 1}
    return Section(pairs, tuple(sorted(lines, key=lambda line: first.get(line.worst, 2))))


def _verdict(results: Results) -> tuple[str, str]:
    """What the page says first: a class for its colour, and a sentence."""
    broken, held, unjudged = results.count(State.BROKEN), results.count(State.HELD), results.unjudged
    at = len({(pair.consumer, pair.provider) for pair in results.pairs if pair.count(State.BROKEN)})
    if broken:
        return "broken", f"{_many(broken, 'interaction')} broken at {_many(at, 'boundary', 'boundaries')}"
    if unjudged:
        return "unjudged", f"Nothing is known to be broken, but {_many(unjudged, 'interaction')} could not be judged"
    if not held:
        return "empty", "Nothing was verified"
    return "held", f"All {_many(held, 'interaction')} that were verified held"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or one + 's'}"
