"""Histories that were written by hand: YAML in the words of the domain, read into what the named checks judge.

A file holds cases of one law. Each case is a list of facts, in the order in which they were told; an amount is written
`0.20 EUR`, the line of a statement `bet b1 -0.20 EUR` (and its bucket, where it is not cash), or as a mapping of its fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthetic.config.files import load_mapping
from synthetic.config.located import Mapped, describe
from synthetic.config.problems import Problems
from synthetic.core.checks import CHECKS
from synthetic.core.errors import Place
from synthetic.core.expressions import did_you_mean
from synthetic.core.history import (
    FACTS,
    Fact,
    History,
    MalformedEvidence,
    Moved,
    fact,
    fields_of,
    type_of,
)
from synthetic.core.money import Money, MoneyError
from synthetic.core.outcome import Blame, StepOutcome

OF_A_FILE = ("check", "invariant", "cases")
OF_A_CASE = ("case", "holds", "broken", "undecided", "run", "facts", "moved", "unknown_stakes", "blame")
OF_A_RUN = ("id", "currency", "finished")
OF_A_FACT = ("step", "outcome", "refused", "at")
_LINES = {
    "ledger": ("kind", "reference"),
    "double_entry": ("entry", "account"),
    "psp_report": ("kind", "reference"),
    "open_items": ("kind", "reference"),
    "psp_events": ("id", "event", "reference"),
    "sink": ("id",),
}
"""What stands before the amount in a line that is written as one text."""


@dataclass(frozen=True, slots=True)
class HistoryCase:
    """A history and what the check has to say of it.

    `found`: what the messages of the findings have to tell, one for each; `()` where the law holds, None where the evidence
    is not enough to say.
    """

    title: str
    check: str
    invariant: int
    history: History
    found: tuple[str, ...] | None
    blame: Blame


def load_histories(path: Path, *, known_checks: frozenset[str], text: str | None = None) -> tuple[HistoryCase, ...]:
    """Read a file of cases. Raises AuthorError with all mistakes, each with file:line:column."""
    problems = Problems()
    file = load_mapping(path, problems, text)
    problems.raise_any()
    assert file is not None
    _require_known(file.data, OF_A_FILE, "key of a file of histories", problems)
    check = str(file.data.value("check"))
    if check not in known_checks:
        problems.add(file.data.at("check"), f"unknown check '{check}'", did_you_mean(check, sorted(known_checks)))
    number, cases = file.data.value("invariant"), file.data.value("cases")
    own = CHECKS[check].invariants if check in CHECKS else ()
    if not isinstance(number, int):
        problems.add(file.data.at("invariant"), f"the invariant is a number, not {describe(number)}")
    elif own and number not in own:
        told = ", ".join(map(str, own))
        problems.add(file.data.at("invariant"), f"{check} judges invariant {told}, not {number}")
    read = [_case(case, check, number, problems) for case in _mappings(cases, file.data.at("cases"), problems)]
    problems.raise_any()
    return tuple(read)


def _case(data: Mapped, check: str, number: int, problems: Problems) -> HistoryCase:
    _require_known(data, OF_A_CASE, "key of a case", problems)
    run = data.get_mapped("run")
    _require_known(run, OF_A_RUN, "key of a run", problems)
    currency, title = run.value("currency") or "EUR", data.value("case")
    facts = tuple(_facts(data, problems))
    moved = tuple(_moved(one, problems) for one in _mappings(data.value("moved") or [], data.at("moved"), problems))
    stakes = tuple(_money(text, data.at("unknown_stakes"), problems) for text in data.value("unknown_stakes") or ())
    finished = run.value("finished") is not False
    history = History(facts, currency, stakes, moved, run.value("id") or "", finished=finished)
    said = [name for name in ("holds", "broken", "undecided") if name in data]
    if len(said) != 1 or not title:
        problems.add(data.place, "a case has a title (case:) and one of holds: true, undecided: true, broken: [...]")
    found = _found(data, problems)
    blame = str(data.value("blame") or Blame.PLATFORM)
    if blame not in set(Blame):
        problems.add(data.at("blame"), f"'{blame}' is nobody who can be blamed", did_you_mean(blame, sorted(Blame)))
        blame = Blame.UNKNOWN
    return HistoryCase(str(title), check, number, history, found, Blame(blame))


def _found(data: Mapped, problems: Problems) -> tuple[str, ...] | None:
    """What the findings have to tell: texts under `broken`, none where it holds, None where it is undecided."""
    if "undecided" in data:
        return None
    broken = data.value("broken")
    texts = [broken] if isinstance(broken, str) else broken if isinstance(broken, list) else []
    if "broken" in data and not (texts and all(isinstance(text, str) for text in texts)):
        problems.add(
            data.at("broken"), "`broken` is a text that the finding contains, or a list with one for each finding"
        )
        return ()
    return tuple(map(str, texts))


def _facts(data: Mapped, problems: Problems) -> Iterator[Fact]:
    for number, told in enumerate(_mappings(data.value("facts") or [], data.at("facts"), problems), start=1):
        kind = next((name for name in told if name in FACTS), None)
        if kind is None or len(told) != 1:
            for name in told:
                problems.add(told.key_at(name), f"unknown kind of fact '{name}'", did_you_mean(name, sorted(FACTS)))
            if not told or kind is not None:
                problems.add(told.place, "a fact has one kind")
            continue
        try:
            yield _fact(number, str(kind), told.value(kind), told.at(kind), problems)
        except (MalformedEvidence, MoneyError, ValueError) as error:
            problems.add(told.place, str(error))


def _fact(number: int, kind: str, said: Any, place: Place, problems: Problems) -> Fact:
    """One fact. What it does not say: its step is its kind and number, it was done, and came a second after the one before."""
    entries = kind in _LINES
    data = said if isinstance(said, Mapped) else Mapped({}, place, {})
    fields: dict[str, Any] = {str(name): value for name, value in data.items()}
    if entries and isinstance(said, list):
        fields = {"entries": said}
    told = {name: fields.pop(name, None) for name in OF_A_FACT}
    known = fields_of(kind)
    for name in fields:
        if name not in known:
            problems.add(data.key_at(name), f"unknown field '{name}' of {kind}", did_you_mean(name, sorted(known)))
    values = {name: _value(kind, name, value) for name, value in fields.items() if name in known}
    refusal = str(told["refused"] or "")
    outcome = StepOutcome(told["outcome"] or ("refused" if refusal else "done"))
    sent_ns, received_ns = _times(told["at"], number)
    step = str(told["step"] or f"{kind}-{number}")
    return fact(kind, step, outcome, values, sent_ns=sent_ns, received_ns=received_ns, refusal=refusal)


def _value(kind: str, name: str, value: Any) -> Any:
    wanted = type_of(kind, name)
    if name == "values":
        return json.loads(value)  # amounts as they stand in a message: JSON
    if wanted is Money:
        return Money.parse(str(value))
    if wanted is tuple:
        return [_row(kind, number, row) for number, row in enumerate(value, start=1)]
    return value


def _row(kind: str, number: int, row: Any) -> Mapping[str, Any]:
    """A line of a statement. `bet b1 -0.20 EUR` is a mapping, too: `{kind: bet, reference: b1, amount: -0.20 EUR}`."""
    names = _LINES[kind]
    if not isinstance(row, Mapping):
        words = str(row).split()
        row = dict(zip(names, words, strict=False))
        amount, bucket = words[len(names) :][:2], words[len(names) :][2:]
        row |= {"amount": " ".join(amount)} if amount else {}
        row |= {"bucket": " ".join(bucket)} if bucket else {}
    made: dict[str, Any] = {"id": f"e{number}"} if "id" not in names else {}
    if kind == "ledger":
        made["bucket"] = "cash"
    for name, value in row.items():
        if name in ("amount", "balance_after", "fee"):
            money = Money.parse(str(value))
            made |= {f"{name}_minor": money.minor, "currency": money.currency}
        else:
            made[str(name)] = value
    return made


def _times(said: Any, number: int) -> tuple[int, int]:
    """`1.0..1.5`: sent and received, in seconds; `never`: nobody knows."""
    if said is None:
        return number * 10**9, number * 10**9 + 10**8
    if said == "never":
        return 0, 0
    sent, _, received = str(said).partition("..")
    return _ns(sent), _ns(received or sent)


def _ns(seconds: str) -> int:
    return int(float(seconds) * 1e9)


def _moved(data: Mapped, problems: Problems) -> Moved:
    known = ("step", "kind", "direction", "amount", "key", "outcome")
    _require_known(data, known, "field of a movement", problems)
    amount = _money(data.value("amount"), data.at("amount"), problems)
    said = {name: str(data.value(name) or "") for name in ("step", "kind", "direction", "key")}
    outcome = StepOutcome(data.value("outcome") or "done")
    return Moved(said["step"], said["kind"], said["direction"], amount, said["key"], outcome)


def _money(text: Any, place: Place, problems: Problems) -> Money:
    try:
        return Money.parse(str(text))
    except MoneyError as error:
        problems.add(place, str(error))
        return Money(0, "EUR")


def _mappings(value: Any, place: Place, problems: Problems) -> Iterator[Mapped]:
    if not isinstance(value, list):
        problems.add(place, f"expected a list, found {describe(value)}")
        return
    for item in value:
        if isinstance(item, Mapped):
            yield item
        else:
            problems.add(place, f"expected a mapping, found {describe(item)}")


def _require_known(data: Mapped, known: tuple[str, ...], noun: str, problems: Problems) -> None:
    for name in data:
        if name not in known:
            problems.unknown(name, noun, known)
