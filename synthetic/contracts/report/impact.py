"""What a broken interaction means for players and money, for whoever is on call: the table `contracts/impact.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from synthetic.contracts.providers import ContractError

FILE = Path("contracts") / "impact.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _When(_Strict):
    when: str
    hits: str
    retry: str = ""


class Boundary(_Strict):
    """What is known of one consumer and one provider. `hits` and `retry` end the sentence that begins with who breaks whom."""

    consumer: str
    provider: str
    flow: str
    hits: str
    retry: str
    call: str
    docs: str
    interactions: tuple[_When, ...] = ()

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.consumer} -> {self.provider}"

    def hit_by(self, description: str) -> Hit:
        """What it hits when this interaction breaks: the first pattern that fits, or what holds for the whole boundary."""
        for row in self.interactions:
            if fnmatchcase(description, row.when):
                return Hit(row.hits, row.retry or self.retry)
        return Hit(self.hits, self.retry)


@dataclass(frozen=True, slots=True)
class Hit:
    """Who or what is hit, and whether a retry helps."""

    hits: str
    retry: str


class Impacts(_Strict):
    """The table. Each consumer and provider has one row at most."""

    boundaries: tuple[Boundary, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Impacts:
        names = [boundary.name for boundary in self.boundaries]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"more than one row for {', '.join(twice)}")
        return self

    @cached_property
    def by_pair(self) -> dict[tuple[str, str], Boundary]:
        """The rows by consumer and provider."""
        return {(boundary.consumer, boundary.provider): boundary for boundary in self.boundaries}

    def of(self, consumer: str, provider: str) -> Boundary:
        """The row; what can be said of any boundary where there is none."""
        return self.by_pair.get((consumer, provider)) or Boundary(
            consumer=consumer,
            provider=provider,
            flow=f"what {consumer} asks of {provider}",
            hits=f"what {consumer} asks of {provider} can fail",
            retry=f"a retry does not help before {provider} is as agreed again",
            call=f"whoever runs {provider}",
            docs="docs/contracts-report.md",
        )


def read_impacts(root: Path) -> Impacts:
    """The table of a project. Raises ContractError where it is not as it has to be."""
    path = root / FILE
    try:
        return Impacts.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Impacts(boundaries=())
    except (ValidationError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: {_first(error)}") from None


def _first(error: ValidationError | yaml.YAMLError) -> str:
    if isinstance(error, yaml.YAMLError):
        return " ".join(str(error).split())
    problem = error.errors()[0]
    return f"{_place(problem['loc'])}: {problem['msg']}"


def _place(loc: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in loc) or "the table"
