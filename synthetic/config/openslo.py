"""Reads OpenSLO documents (openslo/v1) and writes the SLO file that they mean; what it can't hold is told, never dropped silently.

A file may have several documents (`---`) or lists of them. One SLO is one objective, or one for each of its thresholds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from synthetic.config import percents
from synthetic.config.located import Listed, Mapped, Text, describe
from synthetic.config.openslo_words import API_VERSION, HARD_STOP, PREFIX, SERVICE_KEYS, SLO_KEYS
from synthetic.config.problems import Problems
from synthetic.config.slo import load_slo
from synthetic.config.slo_rules import PERCENTILES
from synthetic.config.slo_writing import flow, scalar
from synthetic.config.yaml_nodes import parse_all, read_file
from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import did_you_mean

_PASSED_OVER = ("DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")
_SLI_IN_QUERY = re.compile(r'sli="([^"]+)"')
_BOUND_IN_QUERY = re.compile(r'\ble=~?"([0-9.]+)(?:\(\[\.\]0\)\?)?"')
_NO_NAME = re.compile(r"[^a-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of an SLO file that loads, and what of the documents it can't say."""

    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the SLO file, and where in the OpenSLO file it comes from."""

    text: str
    place: Place


def import_openslo(path: Path, *, text: str | None = None) -> Imported:
    """The SLO file that OpenSLO documents mean. Raises AuthorError with all mistakes, each in the OpenSLO file."""
    problems = Problems()
    read = read_file(path, problems) if text is None else (text, b"")
    documents = parse_all(read[0], str(path), problems) if read is not None else None
    problems.raise_any()
    reading = _Reading(problems)
    lines = reading.lines([*_flat(documents or [])], Place(str(path)))
    if any(line.text.startswith("  - {name:") for line in lines):
        _check_loads(path, lines, problems)
    problems.raise_any()
    return Imported("".join(f"{line.text}\n" for line in lines), tuple(reading.notes))


def _flat(documents: list[Any]) -> Iterator[Any]:
    for document in documents:
        if isinstance(document, Listed):
            yield from document
        else:
            yield document


def _check_loads(path: Path, lines: list[_Line], problems: Problems) -> None:
    """What is wrong with the SLO file is wrong with the documents: told where it stands there."""
    try:
        load_slo(path, text="".join(f"{line.text}\n" for line in lines))
    except AuthorError as error:
        come_from = [lines[min(one.place.line, len(lines)) - 1].place for one in error.mistakes]
        for place, one in zip(come_from, error.mistakes, strict=True):
            problems.add(place, one.message, one.hint)


class _Reading:
    """One file being turned into lines."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._indicators: dict[str, Mapped] = {}
        self.notes: list[str] = []

    def lines(self, documents: list[Any], place: Place) -> list[_Line]:
        """The lines of the SLO file."""
        by_kind: dict[str, list[Mapped]] = {"Service": [], "SLO": [], "SLI": []}
        for document in documents:
            kind = self._kind(document, place)
            if kind:
                by_kind[kind].append(document)
        self._indicators = {str(_name(one)): one for one in by_kind["SLI"]}
        slos, services = by_kind["SLO"], by_kind["Service"]
        if not slos:
            if not self._problems.mistakes:
                self._problems.add(place, "there is no SLO among these documents")
            return []
        if len(services) > 1:
            self._problems.add(services[1].place, "a second Service", "an SLO file is of one; import each for itself")
        service = services[0] if services else None
        head = self._head(service, slos[0])
        return [*head, *(line for slo in slos for line in self._objectives(slo)), *self._tail(service)]

    def _kind(self, document: Any, place: Place) -> str:
        if not isinstance(document, Mapped):
            self._problems.add(place, f"expected OpenSLO documents, found {describe(document)}")
            return ""
        version, kind = document.value("apiVersion"), document.value("kind")
        if version != API_VERSION:
            found = describe(version)
            self._problems.add(document.at("apiVersion"), f"expected `apiVersion: {API_VERSION}`, found {found}")
            return ""
        if kind in _PASSED_OVER:
            self.notes.append(f"{kind} {_name(document)}: an SLO file has no such thing; it was left out")
            return ""
        if kind not in ("Service", "SLO", "SLI"):
            hint = did_you_mean(str(kind), ["SLO", "SLI", "Service", *_PASSED_OVER])
            self._problems.add(document.at("kind"), f"unknown kind {describe(kind)}", hint)
            return ""
        return str(kind)

    def _head(self, service: Mapped | None, first: Mapped) -> list[_Line]:
        owner = service if service is not None else first
        named = _annotation(service, "slo") or (_name(service) if service is not None else None)
        named = named or first.get_mapped("spec").value("service") or _name(first)
        name = _NO_NAME.sub("-", str(named).lower()).strip("-_.")
        return [_Line(f"slo: {scalar(name)}", owner.place), _Line("objectives:", owner.place)]

    def _tail(self, service: Mapped | None) -> list[_Line]:
        """What the Service carries for us, as it was written."""
        if service is None:
            return []
        kept = {key: (text, place) for key, text, place in _annotations(service)}
        stops = [kept[key] for key in sorted((key for key in kept if key.startswith(HARD_STOP)), key=_number_of)]
        lines = [_Line("hard_stops:", service.place)] if stops else []
        lines += [_Line(f"  - {text}", place) for text, place in stops]
        for key, (text, place) in kept.items():
            if key in SERVICE_KEYS[1:]:
                lines.append(_Line(f"{key}: {text}", place))
            elif key != SERVICE_KEYS[0] and not key.startswith(HARD_STOP):
                self._problems.unknown(Text(key, place), "annotation", SERVICE_KEYS)
        labels = service.get_mapped("metadata").get_mapped("labels")
        plain = {str(key): str(value) for key, value in labels.items() if isinstance(value, Text)}
        if plain and "labels" not in kept:
            lines.append(_Line(f"labels: {flow(plain)}", labels.place))
        return [_Line(" ".join(line.text.splitlines()), line.place) for line in lines]

    def _objectives(self, slo: Mapped) -> Iterator[_Line]:
        spec = slo.get_mapped("spec")
        for key, _, place in _annotations(slo):
            if key not in SLO_KEYS:
                self._problems.unknown(Text(key, place), "annotation", SLO_KEYS)
        method = spec.value("budgetingMethod")
        if method != "Occurrences":
            hint = "the gate counts steps, each for itself, which is `Occurrences`"
            self._problems.add(
                spec.at("budgetingMethod"), f"the budgeting method {describe(method)} can't be told", hint
            )
        for key in ("alertPolicies",):
            if spec.value(key):
                self.notes.append(
                    f"SLO {_name(slo)}: `{key}` was left out; the Prometheus export has alerts of its own"
                )
        window = spec.value("timeWindow")
        if window and not _is_usual(window):
            self.notes.append(
                f"SLO {_name(slo)}: its time window was left out; the gate has its own, the exports have 30d"
            )
        objectives = spec.value("objectives")
        if not isinstance(objectives, list) or not objectives:
            self._problems.add(spec.place, f"the SLO '{_name(slo)}' has no `objectives`")
            return
        for number, objective in enumerate(objectives):
            if isinstance(objective, Mapped):
                yield from self._objective(slo, spec, objective, number if len(objectives) > 1 else None)

    def _objective(self, slo: Mapped, spec: Mapped, objective: Mapped, number: int | None) -> Iterator[_Line]:
        indicator = self._indicator(slo, spec)
        target = self._target(objective)
        if indicator is None or target is None:
            return
        written = _NO_NAME.sub("-", str(_annotation(slo, "name") or _name(slo)).lower()).strip("-_.")
        line: dict[str, str | int] = {"name": written if number is None else f"{written}-{number + 1}"}
        line["sli"] = self._sli(slo, indicator)
        line |= {key: text for key, text, _ in _annotations(slo) if key == "by"}
        within = self._within(slo, indicator, objective)
        if within:
            key = next((key for key, share in PERCENTILES.items() if abs(share - target) < 1e-9), "")
            if not key:
                known = ", ".join(map(percents.shown, PERCENTILES.values()))
                message = f"a target of {percents.shown(target)} within a time is no percentile of an SLO file"
                self._problems.add(objective.place, message, f"known here: {known}")
                return
            line[key] = within
        else:
            line["at_least"] = percents.shown(target)
        line |= {key: text for key, text, _ in _annotations(slo) if key in ("share", "margin")}
        yield _Line(f"  - {flow(line)}", objective.place)

    def _indicator(self, slo: Mapped, spec: Mapped) -> Mapped | None:
        inline, ref = spec.value("indicator"), spec.value("indicatorRef")
        if isinstance(inline, Mapped):
            return inline
        if isinstance(ref, Text):
            if ref not in self._indicators:
                self._problems.unknown(ref, "SLI", self._indicators)
            return self._indicators.get(ref)
        self._problems.add(spec.place, f"the SLO '{_name(slo)}' has no `indicator` and no `indicatorRef`")
        return None

    def _target(self, objective: Mapped) -> float | None:
        for key, scale in (("target", 1), ("targetPercent", 100)):
            value = objective.value(key)
            if isinstance(value, (Text, int)) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(value)):
                return float(Decimal(str(value)) / scale)
        self._problems.add(objective.place, "an objective has no `target` and no `targetPercent`")
        return None

    def _sli(self, slo: Mapped, indicator: Mapped) -> str:
        """The SLI of the mapping: said, or seen in the query."""
        said = _annotation(slo, "sli") or _annotation(indicator, "sli")
        seen = next((found[1] for query in _queries(indicator) if (found := _SLI_IN_QUERY.search(query))), None)
        if said is None and seen is None:
            hint = f"add the annotation `{PREFIX}sli: NAME`, or `run` for whole runs"
            self._problems.add(
                slo.place, f"the SLO '{_name(slo)}' does not say which SLI of the mapping it is about", hint
            )
        return str(said or seen or "")

    def _within(self, slo: Mapped, indicator: Mapped, objective: Mapped) -> str:
        """The time that an answer has; "" where none is meant."""
        said = _annotation(slo, "within")
        if said:
            return said
        if isinstance(indicator.get_mapped("spec").value("thresholdMetric"), Mapped):
            op, value = objective.value("op"), objective.value("value")
            if op not in ("lte", "lt") or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", str(value)):
                message = "a threshold is a time in seconds, at most: `op: lte` with its `value`"
                self._problems.add(objective.place, message)
                return ""
            return f"{Decimal(str(value)):f} s"
        seen = next((found[1] for query in _queries(indicator) if (found := _BOUND_IN_QUERY.search(query))), "")
        return f"{seen} s" if seen else ""


def _name(document: Mapped) -> Any:
    return document.get_mapped("metadata").value("name") or "?"


def _annotations(document: Mapped | None) -> Iterator[tuple[str, str, Place]]:
    """Ours, without their prefix. A value that YAML reads as a number was written as one."""
    if document is None:
        return
    annotations = document.get_mapped("metadata").get_mapped("annotations")
    for key, value in annotations.items():
        if key.startswith(PREFIX):
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            yield key.removeprefix(PREFIX), shown, annotations.at(key)


def _annotation(document: Mapped | None, name: str) -> str | None:
    return next((text for key, text, _ in _annotations(document) if key == name), None)


def _number_of(key: str) -> int:
    number = key.removeprefix(HARD_STOP)
    return int(number) if number.isdecimal() else 0


def _queries(value: Any) -> Iterator[str]:
    """Every query of an indicator, wherever it stands; that of the good events first."""
    if isinstance(value, Mapped):
        for key, item in value.items():
            if key == "query" and isinstance(item, Text):
                yield item
            else:
                yield from _queries(item)


def _is_usual(window: Any) -> bool:
    first = window[0] if isinstance(window, Listed) and window else None
    return isinstance(first, Mapped) and first.value("duration") == "30d" and first.value("isRolling") is True
