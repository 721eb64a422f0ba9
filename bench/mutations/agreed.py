"""What a pact agrees on, by operation: only what is agreed on can be broken, so every mutant is made of this."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthetic.contracts.pacts import PactFile
from synthetic.contracts.promised import promises_of

Step = str | None  # a member's name; None: every element of a list
Path = tuple[Step, ...]

_HOLE = re.compile(r"\$\{\w+\}")


def told(path: Path) -> str:
    """A path as a report writes it: `$.data[*].id`."""
    return "$" + "".join("[*]" if step is None else f".{step}" for step in path)


@dataclass(frozen=True, slots=True)
class Place:
    """One agreed value of an answer's or a request's body. `rule`: how Pact compares it (`equality` where nothing else is said).

    `pattern`: of a regex. `promised`: its value comes from the provider's state.
    """

    path: Path
    value: Any
    rule: str = "equality"
    pattern: str = ""
    promised: bool = False

    @property
    def name(self) -> str:
        """The member that it is; "" for an element of a list and for the whole."""
        return self.path[-1] or "" if self.path else ""


@dataclass(frozen=True, slots=True)
class Operation:
    """What is asked for by one method and path, and answered with one status; with any where `status` is 0.

    `where` recognises the paths of its requests.
    """

    method: str
    template: str
    status: int
    where: re.Pattern[str] = field(repr=False)
    interactions: tuple[Mapping[str, Any], ...] = field(repr=False)

    @property
    def name(self) -> str:
        """As a report calls it."""
        return f"{self.method} {self.template} {self.status or ''}".rstrip()

    @property
    def seen_by(self) -> tuple[str, ...]:
        """The interactions that ask for it."""
        return tuple(str(one["description"]) for one in self.interactions)

    def asks(self, method: str, path: str) -> bool:
        """Whether a request is one for it."""
        return method == self.method and self.where.fullmatch(path.partition("?")[0]) is not None

    def answered(self) -> list[Place]:
        """The agreed values of its answers, each path once: the one that is compared most strictly."""
        return _strictest(self.each_answered())

    def each_answered(self) -> Iterator[Place]:
        """The agreed values of its answers, of each interaction."""
        return (place for one in self.interactions for place in _places(one, "response"))

    def sent(self) -> list[Place]:
        """The agreed values of its requests."""
        return _strictest(place for one in self.interactions for place in _places(one, "request"))

    def headers(self, side: str) -> list[str]:
        """The names of the agreed headers of its `request`s or `response`s."""
        return sorted({name for one in self.interactions for name in one[side].get("headers", {})}, key=str.lower)

    def is_open_header(self, name: str) -> bool:
        """Whether an agreed header of its answers may have any value."""
        rules = [one["response"].get("matchingRules", {}).get("header", {}).get(name) for one in self.interactions]
        patterns = [rule["matchers"][0].get("regex", "") for rule in rules if rule]
        return bool(patterns) and all(re.fullmatch(pattern, "?*!") for pattern in patterns)


def operations(pact: PactFile) -> list[Operation]:
    """Those of a pact over HTTP, one for each status."""
    return _grouped(pact, lambda one: int(one["response"]["status"]))


def addresses(pact: PactFile) -> list[Operation]:
    """Those of a pact over HTTP, whatever they are answered with."""
    return _grouped(pact, lambda _: 0)


def _grouped(pact: PactFile, status: Callable[[Mapping[str, Any]], int]) -> list[Operation]:
    groups: dict[tuple[str, str, int], list[Mapping[str, Any]]] = {}
    for one in pact.interactions:
        if "request" in one and "status" in one.get("response", {}):
            asked = one["request"]
            groups.setdefault((str(asked["method"]), _template(asked), status(one)), []).append(one)
    return [
        Operation(method, template, status, _pattern(template), tuple(ones))
        for (method, template, status), ones in sorted(groups.items())
    ]


def _template(asked: Mapping[str, Any]) -> str:
    generated = asked.get("generators", {}).get("path", {})
    return str(generated.get("expression", asked["path"]))


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(r"[^/?]+".join(map(re.escape, _HOLE.split(template))))


def content_of(side: Mapping[str, Any]) -> Any:
    """The JSON body of a request or an answer; None where it has none."""
    body = side.get("body", {})
    return body.get("content") if "json" in str(body.get("contentType", "")) else None


def _places(one: Mapping[str, Any], side: str) -> Iterator[Place]:
    rules = one[side].get("matchingRules", {}).get("body", {})
    promised = promises_of(one) if side == "response" else {}
    for path, value in _walk(content_of(one[side]), ()):
        if path:
            rule, pattern = _rule(rules, path)
            yield Place(path, value, rule, pattern, told(path) in promised)


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, (*path, str(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, (*path, None))


def _rule(rules: Mapping[str, Any], path: Path) -> tuple[str, str]:
    """How a path is compared. A rule of something around it holds inside, too, where it is by type."""
    for length in range(len(path), 0, -1):
        for known, rule in rules.items():
            if re.sub(r"\[\d+\]", "[*]", known) == told(path[:length]):
                matcher = rule["matchers"][0]
                kind = str(matcher["match"])
                if length == len(path):
                    return kind, str(matcher.get("regex", ""))
                if kind == "type":
                    return "type", ""
    return "equality", ""


_STRICTNESS: Sequence[str] = ("equality", "regex")


def _strictest(places: Iterable[Place]) -> list[Place]:
    found: dict[Path, Place] = {}
    for place in places:
        known = found.get(place.path)
        if known is None or _strict(place) < _strict(known):
            found[place.path] = place
    return [found[path] for path in sorted(found, key=told)]


def _strict(place: Place) -> int:
    kind = "equality" if place.promised else place.rule
    return _STRICTNESS.index(kind) if kind in _STRICTNESS else len(_STRICTNESS)
