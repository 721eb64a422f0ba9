"""The paragraph of a decision, for a release manager: what was seen, what it means, what to do now."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from synthetic.core.wording import counted
from synthetic.gate.counts import Counts, Evidence
from synthetic.gate.decision import Weighed
from synthetic.gate.policy import RUN, Objective, Policy
from synthetic.gate.stops import Stopped

HOLD = "Do not promote, and do not roll back for it"


def clean(evidence: Evidence, streams: Sequence[Weighed], policy: Policy) -> str:
    """A pass: how much was seen, and what is certain."""
    worst = max(streams, key=lambda stream: stream.counts.canary_failed)
    failed = worst.counts.canary_failed
    told = (
        f"at most {failed} of {worst.counts.pairs} failed on the canary ({worst.stream})"
        if failed
        else "all clean on the canary"
    )
    certain = _odds(min(stream.e_pass for stream in streams))
    each = counted(len(streams), "stream")
    return (
        f"{counted(evidence.pairs, 'pair')} of runs were played on canary and baseline in the same instants, {told}. The share of "
        f"failures is below its margin ({_margins(policy)}) in each of {each} (evidence {certain} or "
        f"more, needed {policy.pass_evidence:.0f} : 1), and nothing speaks for a regression. Go on."
    )


def _margins(policy: Policy) -> str:
    return " or ".join(_percent(margin) for margin in sorted({objective.margin for objective in policy.objectives}))


def money_law(proven: Mapping[str, int], on_baseline: Mapping[str, int]) -> str:
    """Laws that the canary breaks."""
    laws = ", ".join(
        f"{law} ({counted(count, 'pair')}" + (f", the baseline in {on_baseline[law]})" if on_baseline.get(law) else ")")
        for law, count in proven.items()
    )
    return (
        f"The canary breaks money laws that the baseline keeps in the same instants: {laws}. That is proof. Roll back."
    )


def money_law_unpaired(laws: Mapping[str, int]) -> str:
    """Laws that the canary breaks in runs that have no baseline's run beside them."""
    told = ", ".join(f"{law} ({counted(count, 'run')})" for law, count in laws.items())
    return (
        f"The canary breaks money laws: {told}. The baseline's run beside it is missing, and no run of the baseline has broken "
        "them. A broken law is proof by itself. Roll back."
    )


def hard_stop(one: Stopped) -> str:
    """A hard stop of the canary alone."""
    return f"The hard stop {_stop(one)} is met on the canary, and the baseline {_beside(one)}. Roll back."


def shared_stop(one: Stopped) -> str:
    """A hard stop that the baseline shows, too."""
    return (
        f"The hard stop {_stop(one)} is met, and the baseline {_beside(one)}: both sides are hit, so it is not the release's "
        f"fault. {HOLD}, until it is gone."
    )


def unsure_stop(one: Stopped) -> str:
    """A hard stop of which it is not yet certain that it is the canary's own doing."""
    return (
        f"The hard stop {_stop(one)} is met on the canary, and the baseline {_beside(one)}. It looks like the release and is not "
        "certain yet. Hold the rollout; probes are denser until it is known."
    )


def _beside(one: Stopped) -> str:
    if one.stop.is_signal:
        rest = f" with the other {100 - one.percent} % of the traffic" if one.percent else ""
        return f"has {one.other.amount:g} reported{rest}" if one.other.amount else "does not show it"
    if not one.other.bad:
        return "does not show it in the same pairs"
    return f"shows {one.other.bad} of {one.other.total} bad in the same pairs"


def _stop(one: Stopped) -> str:
    name = f"{one.stop.name} [{one.tally.value}]" if one.tally.value else one.stop.name
    if one.stop.is_signal:
        return f"{name} ({one.tally.amount:g} reported, more than {one.stop.above:g} is too many)"
    seen = f"{one.tally.bad} of {one.tally.total} bad within {one.stop.within_s:.0f} s"
    return f"{name} ({seen}, more than {_percent(one.stop.above)} is too many)"


def regression(objective: Objective, stream: Weighed, streams: int) -> str:
    """A stream in which both tests have crossed."""
    alone = stream.counts.canary_only
    burst = (
        f", though only {stream.hits} of the {alone} count: more in one tick are one burst"
        if stream.hits < alone
        else ""
    )
    say = "says" if streams == 2 else "say"
    more = f" ({counted(streams - 1, 'further stream')} {say} the same.)" if streams > 1 else ""
    return (
        f"The canary alone {_missed(objective)} in {stream.counts.canary_only} of {counted(stream.counts.pairs, 'pair')} of "
        f"{stream.stream}, the baseline alone in {stream.counts.baseline_only}. That it is more than the budget of "
        f"{_percent(objective.budget)} is certain by {_odds(stream.e_budget)} ({_needed(stream.e_budget_needed)}), that it is the "
        f"canary's own doing by {_odds(stream.e_pair)} ({_needed(stream.e_pair_needed)}){burst}.{more} Roll back."
    )


def shared_failures(objective: Objective, stream: Weighed, recent: Counts) -> str:
    """The canary is above its budget, and the baseline fails as well."""
    pairs = counted(recent.pairs, "recent pair")
    return (
        f"{stream.stream}: the canary {_missed(objective)} in {recent.canary_failed} of {pairs}, and the "
        f"baseline in {recent.baseline_failed}: both sides are hit, so it is not the release's fault. {HOLD}, until it is gone."
    )


def shared_laws(laws: Iterable[str]) -> str:
    """Laws that the baseline breaks."""
    return f"The baseline breaks money laws, too: {', '.join(laws)}. Nothing can be compared with it. {HOLD}, until that is mended."


def pause(objective: Objective, stream: Weighed, recent: Counts) -> str:
    """The canary is above its budget, and it is not yet certain that it is its own doing."""
    pairs = counted(recent.pairs, "recent pair")
    return (
        f"{stream.stream}: the canary {_missed(objective)} in {recent.canary_failed} of {pairs}, above its "
        f"budget, and the baseline in {recent.baseline_failed}. It looks like the release and is not certain yet (by "
        f"{_odds(stream.e_pair)}, {_needed(stream.e_pair_needed)}). Hold the rollout; probes are denser until it is known."
    )


def suspicion(objective: Objective, stream: Weighed, recent: Counts) -> str:
    """A few failures of the canary alone, too few for anything."""
    pairs = counted(recent.pairs, "recent pair")
    return (
        f"{stream.stream}: the canary alone {_missed(objective)} in {recent.canary_only} of {pairs}: "
        f"too few to be sure. Hold the rollout for a moment, and look at the runs that failed; probes are denser meanwhile."
    )


def insufficient(
    evidence: Evidence, unmeasured: Sequence[str], short: Weighed | None, missing: int, ready_in_s: float | None
) -> str:
    """Not enough, with what is missing and when it will be there."""
    told = f"{counted(evidence.pairs, 'pair')} of runs so far"
    told += (
        ": too few to be sure."
        if missing
        else ", and nothing speaks against the release; it is watched a little longer."
    )
    if unmeasured:
        told += f" Nothing was measured of {', '.join(unmeasured)}: does a probe play it?"
    elif missing and short is not None:
        told += f" {counted(missing, 'more clean pair')} would do" + (
            f" (for {short.stream})." if short.stream else "."
        )
    return f"{told}{_when(ready_in_s)} Wait."


def thin(stream: Weighed, policy: Policy, missing: int, ready_in_s: float | None) -> str:
    """A stream that is too thin to be compared, though the release was watched long enough."""
    return (
        f"{stream.stream} has {counted(stream.counts.pairs, 'pair')} after the whole watch; fewer than {policy.pairs_min} can't be "
        f"compared. {counted(missing, 'more clean pair')} would do.{_when(ready_in_s)} Play it more often, or wait."
    )


def _when(ready_in_s: float | None) -> str:
    return f" At this pace an answer is there in {_time(ready_in_s)}." if ready_in_s else ""


def stale(silent_s: float, pairs: int) -> str:
    """No fresh pair."""
    seen = f"after {counted(pairs, 'pair')}" if pairs else "and there was none before"
    return f"No pair of runs for {_time(silent_s)}, {seen}: what is known is too old to decide on. See whether the runner plays."


def silent(stream: Weighed, silent_s: float) -> str:
    """One stream has no fresh pair, though others have."""
    return (
        f"{stream.stream} has had no pair of runs for {_time(silent_s)}, after {counted(stream.counts.pairs, 'pair')}: what is "
        "known of it is too old for a pass. See whether it is still played on both sides."
    )


def no_baseline(laws: Iterable[str]) -> str:
    """The canary plays alone. `laws`: the money laws that it has broken so."""
    told = ", ".join(sorted(set(laws)))
    broken = f" It has broken money laws ({told}): do not promote it, and see to them." if told else ""
    return (
        f"The canary has no baseline beside it: no run of one was seen, so nothing tells a bad release from a bad day.{broken} "
        "Play pairs (`pairs_with` of the canary's cell), then ask again."
    )


def missing_value(label: str, canary: frozenset[str], baseline: frozenset[str]) -> str:
    """A value of a label on one side only."""
    only = [
        f"{', '.join(sorted(values))} only on the {side}"
        for side, values in (("canary", canary - baseline), ("baseline", baseline - canary))
        if values
    ]
    return f"The two sides do not play the same {label}: {'; '.join(only)}. They can't be compared until they do."


def harness(missing: int, pairs: int) -> str:
    """Our own fault."""
    return (
        f"{missing} of {counted(pairs, 'pair')} have no usable run on both sides (tainted, aborted, never ended, or sent to "
        "different PSPs): the harness itself could not measure. Mend it, then ask again."
    )


def unreadable(why: Sequence[str]) -> str:
    """Evidence that can't be true."""
    return f"The evidence can't be read: {'; '.join(why[:3])}. Nothing is decided on it. See to clocks and sources, then ask again."


def _missed(objective: Objective) -> str:
    if objective.measure == "latency":
        return f"took longer than {objective.threshold_ms:g} ms"
    return "failed" if objective.sli == RUN else f"failed at {objective.sli}"


def _odds(factor: float) -> str:
    """`1 360 : 1`: three digits that say something, thousands apart, and never an exponent."""
    if factor > 1e6:
        return "over a million : 1"
    if factor < 0.01:
        return "less than 0.01 : 1"
    shown = f"{factor:.3g}" if factor < 100 else f"{round(factor, 2 - math.floor(math.log10(factor))):,.0f}"
    return f"{shown.replace(',', ' ')} : 1"


def _needed(factor: float) -> str:
    return f"needed {math.ceil(round(factor, 6)):,}".replace(",", " ")


def _percent(share: float) -> str:
    """`0.1 %`, `12.5 %`: without zeros that say nothing."""
    return f"{share * 100:.4g} %"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
