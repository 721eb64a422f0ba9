"""What both examinations take from the command line: references to secrets, bounds, which laws, and where the answer goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from synthetic.config import durations
from synthetic.config.names import NOWHERE, pick
from synthetic.config.secret_refs import BadReference, resolve
from synthetic.core.errors import AuthorError, Mistake, RefusedByPolicy
from synthetic.core.money import Money, MoneyError
from synthetic.core.plan import CellPlan
from synthetic.drivers.places import NotAllowed, Target

L = TypeVar("L")
_OF_THE_CELL = "secret:"


class Format(StrEnum):
    """How the standing of the laws is told."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Reads references: `env:NAME`, `file:PATH`, and `secret:NAME` of a cells file's cell."""

    cell: CellPlan | None = None

    def read(self, option: str, ref: str) -> str:
        """The secret. Raises AuthorError; a secret that stands on the command line itself is refused and not repeated."""
        try:
            return self._resolve(ref)
        except BadReference as error:
            hint = "the command line shows in process lists and shell histories"
            raise AuthorError.at(NOWHERE, f"{option}: {error}", hint) from None

    def _resolve(self, ref: str) -> str:
        if not ref.startswith(_OF_THE_CELL):
            return resolve(ref, Path())
        if self.cell is None:
            raise BadReference(f"{_OF_THE_CELL}NAME is a secret of a cell; give --cells and --cell")
        name = ref.removeprefix(_OF_THE_CELL)
        known: Mapping[str, str] = self.cell.secrets
        if name not in known:
            raise BadReference(f"cell {self.cell.name} has no secret {name!r}; there are {', '.join(sorted(known))}")
        return resolve(known[name], Path(self.cell.place.file).parent)


def required(options: Mapping[str, str | None], hint: str) -> None:
    """Raises AuthorError with every option that was not given."""
    missing = [name for name, value in options.items() if not value]
    if missing:
        raise AuthorError([Mistake(NOWHERE, f"{name} is needed", hint) for name in missing])


def checked_url(option: str, url: str) -> str:
    """The URL, if it is one. Raises AuthorError."""
    try:
        target = Target.of(url)
    except NotAllowed as refused:
        raise AuthorError.at(NOWHERE, f"{option}: {refused}", "write it as https://wallet.example.com/api") from None
    if target.scheme not in ("http", "https"):
        raise AuthorError.at(NOWHERE, f"{option}: an http or https URL is needed, not {target.scheme}")
    return url


Amount = tuple[str, str | None, int]  # the option, what was given, and the minor units that it is otherwise


def money(amount: Amount, limit: Amount, currency: str) -> Money:
    """The amount that is played with. Raises AuthorError, and RefusedByPolicy where it is over its limit."""
    chosen, highest = _money(*amount, currency), _money(*limit, currency)
    if chosen > highest:
        raise RefusedByPolicy(f"{amount[0]}: {chosen} is over the limit of {highest}; give {limit[0]} to raise it")
    return chosen


def _money(option: str, text: str | None, default_minor: int, currency: str) -> Money:
    try:
        amount = Money(default_minor, currency) if text is None else Money.from_decimal(text, currency)
    except MoneyError as error:
        raise AuthorError.at(NOWHERE, f"{option}: {error}", "write amounts as 0.10, currencies as EUR") from None
    if amount.minor <= 0:
        raise AuthorError.at(NOWHERE, f"{option} has to be above zero")
    return amount


def seconds(option: str, text: str) -> float:
    """A duration as `30s`, `500ms` or `2m`. Raises AuthorError."""
    try:
        return durations.seconds(text)
    except ValueError as error:
        raise AuthorError.at(NOWHERE, f"{option}: {error}") from None


def chosen_laws(known: Sequence[L], titles: Mapping[str, L], only: Sequence[str]) -> list[L]:
    """The laws of these numbers or names, in their own order; all where none is given. Raises AuthorError."""
    wanted = [pick(titles, name, "law") for name in only]
    return [law for law in known if not only or law in wanted]
