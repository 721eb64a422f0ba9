"""The matrix behind `can-i-deploy`: which pacts were verified by whom, and whether that lets a version out.

Rows join each pact with the results of its content (a left join: a pact that no wanted provider version has verified is a row
without a result). A consumer needs its providers there and verified; a provider needs no consumer, but may break none that is
there. https://docs.pact.io/pact_broker/can_i_deploy
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from synthetic.tests.contracts.broker_standin.records import JSON, Publication, Verification
from synthetic.tests.contracts.broker_standin.store import Store


class BadQuery(Exception):  # noqa: N818 - status 400
    """A name that the broker does not know; the message is the broker's."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One side of the question: an application, and which of its versions."""

    pacticipant: str
    version: str | None = None
    branch: str | None = None
    environment: str | None = None
    latest: bool = False
    main_branch: bool = False
    specified: bool = True

    @property
    def is_any(self) -> bool:
        """Only the name was given: every version is meant."""
        return not (self.version or self.branch or self.environment or self.latest or self.main_branch)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A selector and the version that it means; `number` None: any version, or none where `exists` is false."""

    selector: Selector
    number: str | None
    exists: bool = True

    def takes(self, name: str, number: str) -> bool:
        """Whether this version of this application is meant."""
        return self.exists and self.selector.pacticipant == name and self.number in {None, number}

    @property
    def description(self) -> str:
        """As the broker writes it in its reasons."""
        asked, shown = self.selector, self.number if self.exists and self.number else "no such version exists"
        if asked.environment:
            return f"the version of {asked.pacticipant} currently deployed to {asked.environment} ({shown})"
        if asked.branch:
            return f"the latest version of {asked.pacticipant} from branch {asked.branch} ({shown})"
        if asked.latest:
            return f"the latest version of {asked.pacticipant} ({shown})"
        return f"version {self.number} of {asked.pacticipant}" if self.number else f"any version of {asked.pacticipant}"


@dataclass(frozen=True, slots=True)
class Query:
    """`GET /matrix`: who, against what, and whom to leave out."""

    selectors: tuple[Selector, ...]
    environment: str | None = None
    latest: bool = False
    main_branch: bool = False
    latest_by: str | None = None
    ignored: tuple[Selector, ...] = ()

    @classmethod
    def parse(cls, pairs: Sequence[tuple[str, str]]) -> Query:
        """Read the query string: a `q[][...]` that comes again begins the next selector."""
        plain = {key: value for key, value in pairs if "[" not in key}
        return cls(
            selectors=tuple(_selector(one) for one in _groups(pairs, "q[][")),
            environment=plain.get("environment"),
            latest=plain.get("latest") == "true",
            main_branch=plain.get("mainBranch") == "true",
            latest_by=plain.get("latestby"),
            ignored=tuple(_selector(one) for one in _groups(pairs, "ignore[][")),
        )

    @property
    def infers(self) -> bool:
        """Whether the partners that are not named are looked for: in an environment, or at their latest."""
        return self.environment is not None or self.latest or self.main_branch


@dataclass(frozen=True, slots=True)
class Row:
    """A pact and one result of it, or none."""

    pact: Publication
    result: Verification | None

    @property
    def success(self) -> bool | None:
        """None: nobody who was asked for has verified it."""
        return None if self.result is None else self.result.success


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer: yes, no, or not known; with the broker's reasons and the rows."""

    deployable: bool | None
    reasons: tuple[str, ...]
    rows: tuple[Row, ...]
    ignored: tuple[Row, ...]
    missing: int

    @property
    def counts(self) -> JSON:
        """How many rows hold, fail and are not known."""
        outcomes = [row.success for row in self.rows]
        counts: JSON = {"success": outcomes.count(True), "failed": outcomes.count(False)}
        counts["unknown"] = outcomes.count(None) + self.missing
        return counts | ({"ignored": len(self.ignored)} if self.ignored else {})


def rule(store: Store, query: Query) -> Ruling:
    """Answer the question. Raises BadQuery."""
    _check(store, query)
    asked = [resolved for selector in query.selectors for resolved in _resolve(store, selector)]
    pairs = _integrations(store, asked, query)
    sides = asked + [resolved for selector in _inferred(query, pairs) for resolved in _resolve(store, selector)]
    rows = list(_latest(_join(store, pairs, sides), query.latest_by))
    ignored = [row for row in rows if _is_ignored(row, query.ignored)]
    considered = [row for row in rows if row not in ignored]
    missing = [pair for pair, required in pairs.items() if required and not any(_pair(row) == pair for row in rows)]
    absent = [one for one in asked if not one.exists]
    return Ruling(
        _deployable(considered, missing, absent),
        tuple(_reasons(considered, missing, absent, sides)),
        tuple(considered),
        tuple(ignored),
        len(missing),
    )


def _groups(pairs: Sequence[tuple[str, str]], prefix: str) -> Iterator[JSON]:
    current: JSON = {}
    for key, value in pairs:
        name = key.removeprefix(prefix).rstrip("]")
        if not key.startswith(prefix):
            continue
        if name in current:
            yield current
            current = {}
        current[name] = value
    if current:
        yield current


def _selector(group: JSON) -> Selector:
    return Selector(
        pacticipant=str(group.get("pacticipant", "")),
        version=group.get("version"),
        branch=group.get("branch"),
        environment=group.get("environment"),
        latest=group.get("latest") == "true",
        main_branch=group.get("mainBranch") == "true",
    )


def _check(store: Store, query: Query) -> None:
    for selector in query.selectors:
        if selector.pacticipant not in store.pacticipants:
            raise BadQuery(f"Pacticipant {selector.pacticipant} not found")
    if query.environment is not None and query.environment not in store.environments:
        raise BadQuery(f"Environment with name '{query.environment}' does not exist")


def _resolve(store: Store, selector: Selector) -> list[Resolved]:
    """The versions that it means: one, or as many as are in the environment."""
    name = selector.pacticipant
    if selector.is_any:
        return [Resolved(selector, None)]
    if selector.version:
        return [Resolved(selector, selector.version, exists=(name, selector.version) in store.versions)]
    if selector.environment:
        present = [p.version for p in store.present(environment=selector.environment) if p.pacticipant == name]
        return [Resolved(selector, number) for number in dict.fromkeys(present)] or [
            Resolved(selector, None, exists=False)
        ]
    branch = store.pacticipants[name].main_branch if selector.main_branch else selector.branch
    known = store.latest(name, branch=branch) if branch or not selector.main_branch else None
    resolved = replace(selector, branch=branch, latest=True)
    return [Resolved(resolved, known.number if known else None, exists=known is not None)]


def _integrations(store: Store, asked: Sequence[Resolved], query: Query) -> dict[tuple[str, str], bool]:
    """The pairs that matter, and whether the provider has to be there: it has for a consumer that was asked about."""
    names = {one.selector.pacticipant for one in asked}
    pairs: dict[tuple[str, str], bool] = {}
    for pact in store.publications:
        pair, as_consumer = (pact.consumer, pact.provider), _taken(asked, pact.consumer, pact.consumer_version)
        between = as_consumer and pact.provider in names
        if as_consumer and (query.infers or len(asked) == 1 or between):
            pairs[pair] = True
        elif pact.provider in names and (query.infers or len(asked) == 1):
            pairs.setdefault(pair, False)
    return pairs


def _inferred(query: Query, pairs: Iterable[tuple[str, str]]) -> Iterator[Selector]:
    """The partners that were not named, where the question says where to look for them."""
    named = {selector.pacticipant for selector in query.selectors}
    if query.infers:
        for name in dict.fromkeys(name for pair in pairs for name in pair if name not in named):
            yield Selector(
                name,
                environment=query.environment,
                latest=query.latest,
                main_branch=query.main_branch,
                specified=False,
            )


def _join(store: Store, pairs: Iterable[tuple[str, str]], sides: Sequence[Resolved]) -> Iterator[Row]:
    wanted = set(pairs)
    for pact in store.publications:
        if (pact.consumer, pact.provider) in wanted and _fits(sides, pact.consumer, pact.consumer_version):
            mine = [v for v in store.verifications if v.sha == pact.sha]
            results = [v for v in mine if _fits(sides, v.provider, v.provider_version)]
            yield from [Row(pact, result) for result in results] or [Row(pact, None)]


def _taken(sides: Sequence[Resolved], name: str, number: str) -> bool:
    return any(side.takes(name, number) for side in sides)


def _fits(sides: Sequence[Resolved], name: str, number: str) -> bool:
    """A side that was not named at all is open: any version of it counts."""
    return _taken(sides, name, number) or all(side.selector.pacticipant != name for side in sides)


def _latest(rows: Iterable[Row], latest_by: str | None) -> Iterator[Row]:
    """The last result of each consumer version and provider version (cvpv), or of each consumer version and provider (cvp)."""
    kept: dict[tuple[str | None, ...], Row] = {}
    for row in rows:
        provider_version = row.result.provider_version if row.result and latest_by != "cvp" else None
        key = (row.pact.consumer, row.pact.consumer_version, row.pact.provider, provider_version)
        kept[key if latest_by else (*key, str(row.result and row.result.number))] = row
    yield from kept.values()


def _pair(row: Row) -> tuple[str, str]:
    return row.pact.consumer, row.pact.provider


def _is_ignored(row: Row, ignored: Sequence[Selector]) -> bool:
    sides = [(row.pact.consumer, row.pact.consumer_version)]
    sides.append((row.pact.provider, row.result.provider_version if row.result else ""))
    return any(one.pacticipant == name and one.version in {None, number} for one in ignored for name, number in sides)


def _deployable(rows: Sequence[Row], missing: Sequence[object], absent: Sequence[Resolved]) -> bool | None:
    if absent:
        return False
    if missing or any(row.success is None for row in rows):
        return None
    return all(row.success for row in rows)


def _reasons(
    rows: Sequence[Row], missing: Sequence[tuple[str, str]], absent: Sequence[Resolved], sides: Sequence[Resolved]
) -> Iterator[str]:
    """The broker's own sentences, each once."""
    if absent:
        for one in absent:
            name, number = one.selector.pacticipant, one.selector.version
            of = f"version {number} of {name}" if number else name
            yield f"No pacts or verifications have been published for {of}"
        return
    told = [f"There is no verified pact between {_told(sides, *pair)}" for pair in missing]
    for row in rows:
        between = _told(sides, *_pair(row), row=row)
        if row.success is None:
            told.append(f"There is no verified pact between {between}")
        elif not row.success:
            told.append(f"The verification for the pact between {between} failed")
    if not told:
        told = [
            "All required verification results are published and successful"
            if rows
            else "There are no missing dependencies"
        ]
    yield from dict.fromkeys(told)


def _told(sides: Sequence[Resolved], consumer: str, provider: str, *, row: Row | None = None) -> str:
    numbers = (
        {consumer: row.pact.consumer_version, provider: row.result.provider_version if row.result else None}
        if row
        else {}
    )
    return (
        f"{_describe(sides, consumer, numbers.get(consumer))} and {_describe(sides, provider, numbers.get(provider))}"
    )


def _describe(sides: Sequence[Resolved], name: str, number: str | None) -> str:
    mine = [side for side in sides if side.selector.pacticipant == name]
    exact = next((side for side in mine if number is not None and side.number == number), None)
    if exact is None and number is not None and (not mine or mine[0].number is None):
        return f"version {number} of {name}"
    return (exact or mine[0]).description if mine else f"any version of {name}"
