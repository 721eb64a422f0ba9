"""Which pacts a provider is asked to verify: consumer version selectors, pending, work in progress.

https://docs.pact.io/pact_broker/advanced_topics/consumer_version_selectors, /pending and /wip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from synthetic.tests.contracts.broker_standin.records import JSON, Publication, Verification
from synthetic.tests.contracts.broker_standin.store import Store

KNOWN = frozenset({
    "branch",
    "consumer",
    "deployed",
    "deployedOrReleased",
    "environment",
    "fallbackBranch",
    "latest",
    "mainBranch",
    "matchingBranch",
    "released",
})  # fmt: skip


class BadSelector(Exception):  # noqa: N818 - status 400
    """A selector that the broker does not understand."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pact content to verify, why, and whether a failure may break the provider's build."""

    publication: Publication
    reasons: tuple[str, ...]
    short: str
    pending: bool
    wip: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What the verifier sends to `for-verification`."""

    provider: str
    selectors: tuple[JSON, ...]
    branch: str | None
    pending: bool
    wip_since: datetime | None

    @classmethod
    def parse(cls, provider: str, body: JSON) -> Question:
        """Read a request's body. Raises BadSelector."""
        since = body.get("includeWipPactsSince")
        branch = body.get("providerVersionBranch")
        if since and not branch:
            raise BadSelector("includeWipPactsSince needs a providerVersionBranch")
        selectors = tuple(body.get("consumerVersionSelectors") or ())
        for selector in selectors:
            _check(selector, branch)
        start = datetime.fromisoformat(since) if since else None
        pending = bool(body.get("includePendingStatus"))
        return cls(provider, selectors, branch, pending, start.astimezone() if start else None)


def choose(store: Store, question: Question) -> list[Chosen]:
    """Each content once, with every selector that it matches; then what is in progress."""
    found: dict[str, list[tuple[Publication, str, str]]] = {}
    for selector in question.selectors or _defaults(store, question.provider):
        for publication, why, short in _select(store, question, selector):
            found.setdefault(publication.sha, []).append((publication, why, short))
    chosen = [_asked_for(store, question, matches) for matches in found.values()]
    return chosen + list(_in_progress(store, question, frozenset(found)))


def is_accepted(store: Store, sha: str, provider: str, branch: str | None, *, by_wip: bool = True) -> bool:
    """A version of this branch has verified the content successfully, or one of another branch before this branch began.

    `by_wip`: results that came of work in progress count, too.
    """
    good = [v for v in store.verifications if v.sha == sha and v.success and (by_wip or not v.wip)]
    if branch is None:
        return bool(good)
    began = _began(store, provider, branch)
    return any(branch in _branches(store, one) or (began is not None and one.verified_at < began) for one in good)


def _branches(store: Store, result: Verification) -> tuple[str, ...]:
    return store.versions[result.provider, result.provider_version].branches


def _began(store: Store, name: str, branch: str) -> datetime | None:
    mine = (v.created_at for v in store.versions.values() if v.pacticipant == name and branch in v.branches)
    return min(mine, default=None)


def _check(selector: JSON, branch: str | None) -> None:
    if unknown := sorted(selector.keys() - KNOWN):
        raise BadSelector(f"unknown consumer version selector: {', '.join(unknown)}")
    if selector.get("matchingBranch") and not branch:
        raise BadSelector("the providerVersionBranch must be specified when the selector matchingBranch is used")
    if not selector.keys() - {"consumer", "fallbackBranch"}:
        raise BadSelector("must specify a value for environment, mainBranch, branch, latest, deployed or released")


def _defaults(store: Store, provider: str) -> tuple[JSON, ...]:
    """Without selectors: each consumer's main branch (its latest pact where it has none), and what is deployed or released."""
    consumers = dict.fromkeys(p.consumer for p in store.publications if p.provider == provider)
    heads = tuple(
        {"mainBranch" if store.pacticipants[name].main_branch else "latest": True, "consumer": name}
        for name in consumers
    )
    return (*heads, {"deployedOrReleased": True})


def _select(store: Store, question: Question, selector: JSON) -> Iterator[tuple[Publication, str, str]]:
    mine = [p for p in store.publications if p.provider == question.provider]
    for consumer in dict.fromkeys(p.consumer for p in mine):
        if selector.get("consumer") in {None, consumer}:
            yield from _of_consumer(store, question, selector, [p for p in mine if p.consumer == consumer])


def _of_consumer(
    store: Store, question: Question, selector: JSON, pacts: list[Publication]
) -> Iterator[tuple[Publication, str, str]]:
    consumer = pacts[0].consumer
    for branch in _wanted_branches(store, question, selector, consumer):
        if head := _head(store, pacts, branch):
            version = head.consumer_version
            yield head, f"latest version from branch '{branch}' ({version})", f"latest from branch {branch}"
            return
    if selector.get("latest"):
        head = max(pacts, key=lambda pact: pact.order)
        why = f"latest version of {consumer} that has a pact with {question.provider} ({head.consumer_version})"
        yield head, why, "latest"
    for presence in store.present(environment=selector.get("environment"), kinds=_kinds(selector)):
        for pact in pacts:
            if (pact.consumer, pact.consumer_version) == (presence.pacticipant, presence.version):
                word = "currently deployed to" if presence.kind == "deployed" else "released and supported in"
                place = f"{presence.environment} ({presence.version})"
                yield pact, f"consumer version(s) {word} {place}", f"{presence.kind} to {presence.environment}"


def _wanted_branches(store: Store, question: Question, selector: JSON, consumer: str) -> Iterator[str]:
    """The branch that is asked for, then the one to fall back to."""
    main = store.pacticipants[consumer].main_branch
    if selector.get("mainBranch") and main:
        yield main
    if selector.get("matchingBranch") and question.branch:
        yield question.branch
    if selector.get("branch"):
        yield selector["branch"]
    if selector.get("fallbackBranch"):
        yield selector["fallbackBranch"]


def _kinds(selector: JSON) -> tuple[str, ...]:
    if selector.get("deployed"):
        return ("deployed",)
    if selector.get("released"):
        return ("released",)
    return ("deployed", "released") if selector.keys() & {"deployedOrReleased", "environment"} else ()


def _head(store: Store, pacts: Iterable[Publication], branch: str) -> Publication | None:
    """The pact of the latest version of the branch that has one."""
    versions = {pact: store.versions[pact.consumer, pact.consumer_version] for pact in pacts}
    on_branch = [pact for pact, version in versions.items() if branch in version.branches]
    return max(on_branch, key=lambda pact: versions[pact].order, default=None)


def _asked_for(store: Store, question: Question, matches: list[tuple[Publication, str, str]]) -> Chosen:
    latest = max((publication for publication, _, _ in matches), key=lambda publication: publication.order)
    pending = question.pending and not is_accepted(store, latest.sha, question.provider, question.branch)
    shorts = ", ".join(dict.fromkeys(short for _, _, short in matches))
    return Chosen(latest, tuple(why for _, why, _ in matches), shorts, pending)


def _in_progress(store: Store, question: Question, asked_for: frozenset[str]) -> Iterator[Chosen]:
    """The heads of all consumers' branches since the date that nobody asked for and no version of our branch has accepted."""
    if question.wip_since is None:
        return
    seen = set(asked_for)
    for pact, branch in _heads(store, question.provider):
        accepted = is_accepted(store, pact.sha, question.provider, question.branch, by_wip=False)
        if pact.sha not in seen and pact.published_at > question.wip_since and not accepted:
            seen.add(pact.sha)
            why = f"the latest version of {pact.consumer} from branch '{branch}', still in pending state"
            yield Chosen(pact, (why,), f"latest from branch {branch}", pending=True, wip=True)


def _heads(store: Store, provider: str) -> Iterator[tuple[Publication, str]]:
    mine = [p for p in store.publications if p.provider == provider]
    for consumer in dict.fromkeys(p.consumer for p in mine):
        pacts = [p for p in mine if p.consumer == consumer]
        branches = dict.fromkeys(b for p in pacts for b in store.versions[consumer, p.consumer_version].branches)
        for branch in branches:
            if head := _head(store, pacts, branch):
                yield head, branch
