"""The result of a run of the contract suites as a document: `reports/out/contracts.json`, from which page and metrics are made.

Everything in it is masked already (`masking`). docs/contracts-report.md describes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from synthetic.contracts.report.impact import Impacts
from synthetic.contracts.results import InteractionResult, Verification
from synthetic.core.wording import one_line

SCHEMA_VERSION: Literal[1] = 1
BODY_CHARS_MAX = 4_000
TEXT_CHARS_MAX = 1_000


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class State(StrEnum):
    """Of one interaction. `unverified` is no verdict: it was left out, or could not be judged."""

    HELD = "held"
    BROKEN = "broken"
    UNVERIFIED = "unverified"


class Difference(_Document):
    """One way in which an answer was not as agreed. `path`: a JSON path, `status`, or a header's name."""

    path: str
    expected: str
    actual: Annotated[str, Field(description="empty where nothing was there")]
    text: str


class Exchange(_Document):
    """What went over the wire, without headers."""

    request: Annotated[str, Field(description="method, path and query; `-> bet` for a frame")]
    request_body: str
    status: Annotated[int, Field(description="of HTTP; 0 where a frame came")]
    body: str


class Row(_Document):
    """One interaction."""

    description: str
    state: State
    states: Annotated[tuple[str, ...], Field(description="the provider states that it was asked in")] = ()
    left_out: Annotated[bool, Field(description="it was not asked for, which is no failure")] = False
    reason: Annotated[str, Field(description="why it is unverified")] = ""
    differences: tuple[Difference, ...] = ()
    exchange: Exchange | None = None
    hits: Annotated[str, Field(description="what a breach means for players and money")] = ""
    retry: Annotated[str, Field(description="whether a retry helps")] = ""
    on_call: Annotated[
        str, Field(description="who breaks whom, what that hits, whether a retry helps, whom to call")
    ] = ""

    @property
    def unjudged(self) -> bool:
        """Whether it was asked for and nobody could tell."""
        return self.state is State.UNVERIFIED and not self.left_out


class Pair(_Document):
    """One consumer's expectations of one version of a provider."""

    consumer: str
    provider: str
    version: Annotated[str, Field(description="the provider's; empty where it was not reached")]
    flow: Annotated[str, Field(description="what money or play goes over this boundary")]
    call: Annotated[str, Field(description="who mends it")]
    docs: Annotated[str, Field(description="a page of this project, from its root")]
    rows: tuple[Row, ...]

    def count(self, state: State) -> int:
        """How many interactions are in a state."""
        return Counter(row.state for row in self.rows)[state]

    @property
    def unjudged(self) -> int:
        """How many were asked for and nobody could tell."""
        return sum(row.unjudged for row in self.rows)

    @property
    def success_ratio(self) -> float | None:
        """Held of held and broken; None where nothing was judged, which is neither good nor bad."""
        held, broken = self.count(State.HELD), self.count(State.BROKEN)
        return held / (held + broken) if held + broken else None


class Results(_Document):
    """One run of the suites, or several read together."""

    schema_version: Literal[1] = SCHEMA_VERSION
    started_at: datetime
    finished_at: datetime
    incomplete: Annotated[tuple[str, ...], Field(description="why results are missing that were asked for")] = ()
    not_asked: Annotated[tuple[str, ...], Field(description="contracts that were not selected")] = ()
    pairs: tuple[Pair, ...]

    def count(self, state: State) -> int:
        """How many interactions are in a state."""
        return sum(pair.count(state) for pair in self.pairs)

    @property
    def unjudged(self) -> int:
        """How many were asked for and nobody could tell."""
        return sum(pair.unjudged for pair in self.pairs)


def pair_of(verification: Verification, impacts: Impacts) -> Pair:
    """A verification, masked before, as a part of the document."""
    judged = [_row(result, impacts) for result in verification.results]
    left_out = [
        Row(description=description, state=State.UNVERIFIED, left_out=True, reason=why)
        for description, why in verification.left_out
    ]
    return _pair(verification.consumer, verification.provider, verification.version, (*judged, *left_out), impacts)


def pair_without_result(
    consumer: str, provider: str, descriptions: Iterable[str], reason: str, impacts: Impacts
) -> Pair:
    """A contract whose verification was asked for and has no result."""
    told = _nobody_can_tell(consumer, provider, reason, impacts)
    rows = tuple(
        Row(description=one, state=State.UNVERIFIED, reason=brief(reason), on_call=told) for one in descriptions
    )
    return _pair(consumer, provider, "", rows, impacts)


def together(several: Sequence[Results]) -> Results:
    """Several runs as one document; of the same consumer, provider and version the newest run counts."""
    newest = {
        (pair.consumer, pair.provider, pair.version): pair
        for run in sorted(several, key=lambda run: run.finished_at)
        for pair in run.pairs
    }
    asked = {f"{consumer} -> {provider}" for consumer, provider, _ in newest}
    return Results(
        started_at=min(run.started_at for run in several),
        finished_at=max(run.finished_at for run in several),
        incomplete=tuple(dict.fromkeys(why for run in several for why in run.incomplete)),
        not_asked=tuple(sorted({name for run in several for name in run.not_asked} - asked)),
        pairs=tuple(newest[key] for key in sorted(newest)),
    )


def brief(text: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    """The text, cut where nobody reads on; what is left out is said."""
    return text if len(text) <= chars_max else f"{text[:chars_max]}… ({len(text)} characters)"


def _pair(consumer: str, provider: str, version: str, rows: Iterable[Row], impacts: Impacts) -> Pair:
    impact = impacts.of(consumer, provider)
    in_order = tuple(sorted(rows, key=lambda row: row.description))
    return Pair(
        consumer=consumer,
        provider=provider,
        version=brief(one_line(version), 100),
        flow=impact.flow,
        call=impact.call,
        docs=impact.docs,
        rows=in_order,
    )


def _row(result: InteractionResult, impacts: Impacts) -> Row:
    state = State.HELD if result.held else State.UNVERIFIED if result.reason else State.BROKEN
    exchange = result.exchange
    return Row(
        description=result.description,
        state=state,
        states=result.states,
        reason=brief(result.reason),
        differences=tuple(
            Difference(path=one.path, expected=brief(one.expected), actual=brief(one.actual), text=brief(one.text))
            for one in result.mismatches
        ),
        exchange=None
        if exchange is None or exchange.failure
        else Exchange(
            request=brief(exchange.request_line),
            request_body=brief(exchange.request_body, BODY_CHARS_MAX),
            status=exchange.status,
            body=brief(exchange.body, BODY_CHARS_MAX),
        ),
        **_for_on_call(result, state, impacts),
    )


def _for_on_call(result: InteractionResult, state: State, impacts: Impacts) -> dict[str, str]:
    match state:
        case State.HELD:
            return {}
        case State.UNVERIFIED:
            return {"on_call": _nobody_can_tell(result.consumer, result.provider, result.reason, impacts)}
        case State.BROKEN:
            impact = impacts.of(result.consumer, result.provider)
            hit = impact.hit_by(result.description)
            told = f"{result.provider} breaks {result.consumer}: {hit.hits}; {hit.retry}; call {impact.call}."
            return {"hits": hit.hits, "retry": hit.retry, "on_call": told}


def _nobody_can_tell(consumer: str, provider: str, reason: str, impacts: Impacts) -> str:
    return (
        f"Nobody can tell whether {provider} still keeps what {consumer} expects: {brief(reason, 200).rstrip('.')}; "
        f"verify again once that is mended, and call {impacts.of(consumer, provider).call} if it stays so."
    )
