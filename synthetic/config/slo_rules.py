"""Links the rules of an SLO file: objectives with their shares, hard stops, and times that fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from synthetic.config import percents
from synthetic.config.durations import latency_s, shown
from synthetic.config.exchanges import duration_s
from synthetic.config.located import Text
from synthetic.config.models.slo import HardStopModel, ObjectiveModel, SloModel
from synthetic.config.problems import Problems
from synthetic.core.errors import Place
from synthetic.core.expressions import did_you_mean
from synthetic.gate.policy import RUN, HardStop, Objective, Policy

PERCENTILES = {"p50_at_most": 0.50, "p90_at_most": 0.90, "p95_at_most": 0.95, "p99_at_most": 0.99}
WINDOW_S = (600.0, 900.0)
TICK_MIN_S = 1.0
CONSECUTIVE_MIN = 3
ERROR_MAX = 0.20
SIGNAL = "signal"
_WAYS = {"sli": "below", "blame": "above", "signal": "more_than"}
"""What a hard stop watches, and the key of the bound that goes with it."""


def percent(written: Text | None, default: float) -> float:
    """A written percentage as a part of 1."""
    return default if written is None or written.stands_in else percents.share(written)


def link_objectives(
    model: SloModel, known: Mapping[str, frozenset[str]] | None, problems: Problems
) -> tuple[Objective, ...]:
    """The objectives with their shares of the error level."""
    if model.has("objectives") and not model.objectives and not model.source.value("objectives"):
        problems.add(model.at("objectives"), "an SLO file needs at least one objective")
    _check_names((one.name for one in model.objectives), "objective", problems)
    shares = _link_shares(model, problems)
    margin = percent(model.margin, Objective("", "", 1.0).margin)
    return tuple(
        _link_objective(one, share, margin, known, problems)
        for one, share in zip(model.objectives, shares, strict=True)
    )


def _check_names(names: Iterable[Text], noun: str, problems: Problems) -> None:
    seen: dict[str, Text] = {}
    for name in names:
        first = seen.setdefault(str(name), name)
        if first is not name and not name.stands_in:
            problems.add(
                name.place, f"a second {noun} with the name '{name}'", f"the first is at line {first.place.line}"
            )


def _link_shares(model: SloModel, problems: Problems) -> list[float]:
    """What is written; the others divide what that leaves, so that all of them are never more than the whole error level."""
    written = [percent(one.share, 0.0) for one in model.objectives]
    left = 1.0 - sum(written)
    open_ones = [one for one in model.objectives if not one.has("share")]
    last = next((one for one in reversed(model.objectives) if one.share is not None), None)
    if left < -1e-9 and last is not None:
        message = f"the shares add up to {percents.shown(sum(written))}, which is more than the whole error level"
        problems.add(last.at("share"), message, "make it at most 100 %, or leave shares out: what is left is divided")
    elif open_ones and left < 1e-9:
        message = f"the others have all of the error level, so that nothing is left for '{open_ones[0].name}'"
        problems.add(open_ones[0].source.place, message, "lower their `share`")
    for one, share in zip(model.objectives, written, strict=True):
        if one.share is not None and share == 0:
            problems.add(one.at("share"), "an objective without a share of the error level is never violated")
    each = max(left, 0.0) / len(open_ones) if open_ones else 0.0
    return [share if one.has("share") else each for one, share in zip(model.objectives, written, strict=True)]


def _link_objective(
    model: ObjectiveModel, share: float, margin: float, known: Mapping[str, frozenset[str]] | None, problems: Problems
) -> Objective:
    key = _bound_of(model, problems)
    latency = key in PERCENTILES
    target = PERCENTILES[key] if latency else percent(model.at_least, 0.99)
    _check_known(model.sli, model.by, known, problems)
    if not latency and model.at_least is not None:
        _check_target(model.at_least, target, problems)
    objective = Objective(
        name=str(model.name),
        sli=str(model.sli),
        target=target,
        measure="latency" if latency else "success",
        threshold_ms=round(latency_s(getattr(model, key)) * 1000, 6) if latency else 0.0,
        by=str(model.by or ""),
        share=share,
        margin=percent(model.margin, margin),
    )
    _check_margin(model, objective, problems)
    return objective


def _bound_of(model: ObjectiveModel, problems: Problems) -> str:
    """The one key that says what is promised."""
    written = [key for key in ("at_least", *PERCENTILES) if model.has(key)]
    if not written:
        message = f"the objective '{model.name}' promises nothing"
        problems.add(model.source.place, message, "write `at_least: 99.9 %` or, say, `p95_at_most: 400ms`")
    elif len(written) > 1:
        message = f"the objective '{model.name}' has both `{written[0]}` and `{written[1]}`"
        problems.add(model.at(written[1]), message, "make it two objectives")
    return written[0] if written and getattr(model, written[0]) is not None else "at_least"


def _check_target(written: Text, target: float, problems: Problems) -> None:
    if target >= 1.0:
        hint = "every single failure would be too many; write 99.9 %"
        problems.add(written.place, "a target of 100 % can't be tested", hint)
    elif target <= 0.0:
        problems.add(written.place, "a target of 0 % promises nothing")
    elif target < 0.5:
        message = f"a target of {written} lets more than half of the steps fail"
        problems.add(written.place, message, f"did you mean {percents.shown(1 - target)}?")


def _check_margin(model: ObjectiveModel, objective: Objective, problems: Problems) -> None:
    """A pass that says "below the margin" of a budget that is above it would never come."""
    budget = round(objective.budget, 12)
    if budget < objective.margin < 1.0 or not 0.5 <= objective.target < 1.0:
        return
    place = model.at("margin") if model.has("margin") else model.source.place
    if objective.margin >= 1.0:
        problems.add(place, "a margin of 100 % lets everything pass")
    else:
        message = (
            f"the margin of '{objective.name}' ({percents.shown(objective.margin)}) is not above the "
            f"{percents.shown(budget)} that may fail, so it could never pass"
        )
        problems.add(place, message, "give it a wider `margin`")


def _check_known(
    sli: Text | None, by: Text | None, known: Mapping[str, frozenset[str]] | None, problems: Problems
) -> None:
    """An SLI that nothing tells would hold every release as insufficient."""
    if known is None or sli is None or sli.stands_in:
        return
    if sli not in known:
        problems.unknown(sli, "SLI", known)
    elif by is not None and by not in known[sli]:
        hint = did_you_mean(by, sorted(known[sli])) if known[sli] else "its mapping gives it none (`sli: {name, by}`)"
        problems.add(by.place, f"the SLI '{sli}' has no label '{by}'", hint)


def link_hard_stops(
    model: SloModel, known: Mapping[str, frozenset[str]] | None, problems: Problems
) -> tuple[HardStop, ...]:
    """The hard stops."""
    ways = [_way_of(one, problems) for one in model.hard_stops]
    named = [
        one.signal if way == "signal" else one.name for one, way in zip(model.hard_stops, ways, strict=True) if way
    ]
    _check_names((name for name in named if name is not None), "hard stop", problems)
    return tuple(_link_stop(one, way, known, problems) for one, way in zip(model.hard_stops, ways, strict=True) if way)


def _link_stop(
    model: HardStopModel, way: str, known: Mapping[str, frozenset[str]] | None, problems: Problems
) -> HardStop:
    own = HardStop("", "", 0.0)
    _check_bound(model, way, problems)
    if way == "blame" and known is not None and model.by is not None:
        _check_known(Text(RUN, model.by.place), model.by, known, problems)
    _check_known(model.sli, model.by, known, problems)
    above = {
        "sli": 1.0 - percent(model.below, 0.5),
        "blame": percent(model.above, 0.5),
        "signal": float(model.more_than or 0),
    }[way]
    at_least = 1 if way == "signal" else own.at_least
    return HardStop(
        name=str((model.signal if way == "signal" else model.name) or ""),
        source={"sli": str(model.sli), "blame": RUN, "signal": SIGNAL}[way],
        above=above,
        at_least=at_least if model.at_least is None else model.at_least,
        within_s=duration_s(model.within, own.within_s),
        by=str(model.by or ""),
        blame=str(model.blame or ""),
    )


def _way_of(model: HardStopModel, problems: Problems) -> str:
    """What it watches; "" (and a mistake) where that is not one thing."""
    ways = [key for key in _WAYS if model.has(key)]
    if len(ways) != 1:
        hint = "`sli` with `below`, `blame` with `above`, or `signal` with `more_than`"
        problems.add(model.source.place, "a hard stop watches one of `sli`, `blame` or `signal`", hint)
        return ""
    if ways[0] == "signal" and model.has("name"):
        problems.add(model.at("name"), "a signal is called as the platform calls it", "leave `name` out")
    if ways[0] != "signal" and not model.has("name"):
        problems.add(model.source.place, "a hard stop has no `name`", "what it is called in a decision")
    return ways[0]


def _check_bound(model: HardStopModel, way: str, problems: Problems) -> None:
    bound = _WAYS[way]
    for key in _WAYS.values():
        if key != bound and model.has(key):
            problems.add(model.source.key_at(key), f"`{key}` does not go with `{way}`", f"write `{bound}`")
    if not any(model.has(key) for key in _WAYS.values()):
        problems.add(model.source.place, f"a hard stop on `{way}` has no `{bound}`")
    for key in ("below", "above"):
        written: Text | None = getattr(model, key)
        if written is not None and not 0.0 < percents.share(written) < 1.0:
            problems.add(written.place, f"`{key}` has to be between 0 % and 100 %, found {written}")


def check_times(model: SloModel, policy: Policy, problems: Problems) -> None:
    """Times and counts that fit each other, and errors that are small enough to mean something."""
    _check_window(model, policy, problems)
    if policy.tick_s < TICK_MIN_S:
        problems.add(
            model.at("tick"), f"a tick of {shown(policy.tick_s)} is too short to hold a pair; give it 10s or more"
        )
    elif policy.warm_up_s + policy.tick_s * policy.consecutive > policy.window_s:
        place = _first_of(model, ("tick", "consecutive", "warm_up", "window"))
        needed = policy.warm_up_s + policy.tick_s * policy.consecutive
        message = f"{policy.consecutive} ticks of {shown(policy.tick_s)}"
        after = f" after a warm-up of {shown(policy.warm_up_s)}" if policy.warm_up_s else ""
        problems.add(place, f"{message}{after} are {shown(needed)}, over the window of {shown(policy.window_s)}")
    if policy.stale_s < policy.tick_s:
        message = (
            f"evidence would be stale after {shown(policy.stale_s)}, before a tick of {shown(policy.tick_s)} is over"
        )
        problems.add(_first_of(model, ("stale", "tick")), message)
    _check_errors(model, problems)


def _check_window(model: SloModel, policy: Policy, problems: Problems) -> None:
    low, high = WINDOW_S
    if model.trial:
        return
    if not low <= policy.window_s <= high:
        hint = "a shorter one sees too few pairs, a longer one only holds up; `trial: true` is for trying things out"
        problems.add(model.at("window"), f"a window of {model.window} is not within 10m to 15m", hint)
    if policy.consecutive < CONSECUTIVE_MIN:
        hint = "one restart of a pod is a bad tick or two"
        message = f"`consecutive` is {policy.consecutive}; it takes {CONSECUTIVE_MIN} or more"
        problems.add(model.at("consecutive"), message, hint)


def _first_of(model: SloModel, keys: Iterable[str]) -> Place:
    return next((model.at(key) for key in keys if model.has(key)), model.source.place)


def _check_errors(model: SloModel, problems: Problems) -> None:
    written = [(model.missing_max, "missing_max")]
    if model.errors is not None:
        written += [(getattr(model.errors, key), key) for key in ("healthy", "shared_fault", "passed")]
    for text, key in written:
        if text is None or text.stands_in:
            continue
        part = percents.share(text)
        if part > ERROR_MAX:
            problems.add(text.place, f"`{key}` is {text}, over the {percents.shown(ERROR_MAX)} that it may be")
        elif part == 0 and key != "missing_max":
            problems.add(text.place, f"`{key}` of 0 % takes evidence without end", "write 0.1 %")
