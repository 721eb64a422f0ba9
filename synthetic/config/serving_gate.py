"""Links the gate of a serve file: its SLO, who may ask it, and whether the probes can ever tell what the SLO asks of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from synthetic.config.durations import shown
from synthetic.config.located import Text
from synthetic.config.models.serving import GateModel, MtlsModel, ServingModel
from synthetic.config.models.slo import SloModel
from synthetic.config.problems import Problems
from synthetic.config.project import Project
from synthetic.config.secret_refs import REFERENCE_HINT, is_well_formed
from synthetic.config.slis import known_slis
from synthetic.config.slo import load_slo, read_slo, shipped_policy
from synthetic.config.yaml_nodes import read_file
from synthetic.core.errors import Place
from synthetic.core.plan import StepPlan
from synthetic.core.plan_serving import PRODUCTION, GatePlan, MtlsPlan, ProbePlan, ServingPlan
from synthetic.gate.coverage import Coverage
from synthetic.gate.policy import RUN, Objective, Policy

_LISTEN = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class GateSlo:
    """The SLO of a gate as it was read: its file's text, what it means, and where to tell that it does not fit."""

    policy: Policy
    places: tuple[Place, ...]
    path: Path | None = None
    text: str = ""
    trial: Place | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, where it is not the one that ships."""
        return (self.path,) if self.path is not None else ()


def policy_of(gate: GatePlan) -> Policy:
    """What a plan's gate holds a release against: the SLO as it was when the plan was made."""
    return load_slo(Path(gate.slo), text=gate.slo_text) if gate.slo else shipped_policy()


def read_gate_slo(model: GateModel | None, folder: Path, project: Project | None, problems: Problems) -> GateSlo | None:
    """The SLO that a gate names, else the one that ships; None (and mistakes) where there is none to read."""
    if model is None:
        return None
    if model.slo is None:
        policy = shipped_policy()
        return GateSlo(policy, (model.source.place,) * len(policy.objectives))
    path = folder / model.slo
    if not path.is_file():
        if not model.slo.stands_in:
            problems.add(model.slo.place, f"there is no SLO file '{model.slo}' beside this one")
        return None
    return _read(path, project, problems)


def _read(path: Path, project: Project | None, problems: Problems) -> GateSlo | None:
    raw = read_file(path, problems)
    before = len(problems.mistakes)
    known = known_slis(project) if project is not None else None
    read = read_slo(path, problems, text=raw[0], known=known) if raw is not None else None
    if raw is None or read is None or len(problems.mistakes) > before:
        return None
    slo, policy = read
    places = tuple(one.source.place for one in slo.objectives)
    return GateSlo(policy, places, path, raw[0], _trial(slo))


def _trial(slo: SloModel) -> Place | None:
    return slo.at("trial") if slo.trial else None


def link_gate(model: ServingModel, plan: ServingPlan, slo: GateSlo | None, problems: Problems) -> GatePlan | None:
    """The gate of a plan; mistakes go to `problems`."""
    gate = model.gate
    if gate is None:
        return None
    listen = link_listen(gate.listen, "", problems) if gate.listen is not None else None
    if listen is not None and listen == plan.listen and listen[1]:
        assert gate.listen is not None
        message = f"the runner itself listens on {gate.listen}"
        problems.add(gate.listen.place, message, "leave `listen` out, and the gate answers there, too")
    _check_callers(gate, listen or plan.listen, problems)
    _check_trace_url(gate, problems)
    if slo is not None:
        _check_pace(gate, slo, plan.probes, problems)
    return GatePlan(
        place=gate.source.place,
        slo=str(slo.path) if slo is not None and slo.path is not None else "",
        slo_text=slo.text if slo is not None else "",
        listen=listen,
        token=str(gate.token or ""),
        mtls=_link_mtls(gate.mtls, Path(plan.place.file).parent),
        polls_a_minute=GatePlan(Place()).polls_a_minute if gate.polls_a_minute is None else gate.polls_a_minute,
        trace_url=str(gate.trace_url or ""),
    )


def link_listen(written: Text | None, default: str, problems: Problems) -> tuple[str, int]:
    """Host and port."""
    matched = _LISTEN.fullmatch(written or default)
    if matched is None or int(matched[2]) > 65535:
        assert written is not None, "the default is well formed"
        if not written.stands_in:
            problems.add(written.place, f"expected host:port such as 127.0.0.1:9464, found '{written}'")
        return "", 0
    return matched[1].strip("[]"), int(matched[2])


def _check_callers(gate: GateModel, listen: tuple[str, int], problems: Problems) -> None:
    """A verdict decides about production: who asks beyond this machine has to show who he is."""
    if gate.token is not None and not is_well_formed(gate.token):
        message = "the token of the gate has to be a reference, never the secret itself"
        problems.add(gate.token.place, message, REFERENCE_HINT)
    if gate.mtls is not None and gate.listen is None:
        message = "`mtls` needs a `listen` of the gate's own: the runner's metrics are scraped without"
        problems.add(gate.at("mtls"), message)
    if gate.token is None and gate.mtls is None and listen[0] and not _is_loopback(listen[0]):
        message = f"the gate listens beyond this machine ({listen[0]}), and anybody may call it"
        problems.add(gate.source.place, message, "add `token: env:NAME`, or `mtls`")


def _check_trace_url(gate: GateModel, problems: Problems) -> None:
    """It becomes a link on a page."""
    url = gate.trace_url
    if url is not None and not (url.startswith(("https://", "http://")) and "{trace_id}" in url):
        message = f"expected an http(s) address with {{trace_id}} in it, found '{url}'"
        problems.add(url.place, message, "such as https://traces.example/trace/{trace_id}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _link_mtls(model: MtlsModel | None, folder: Path) -> MtlsPlan | None:
    if model is None:
        return None
    return MtlsPlan(*(str(folder / file) for file in (model.certificate, model.key, model.client_ca)))


def _check_pace(gate: GateModel, slo: GateSlo, probes: Iterable[ProbePlan], problems: Problems) -> None:
    """What would hold every release for ever: nothing to compare, or fewer pairs in a window than the SLO takes for evidence."""
    paired = [probe for probe in probes if probe.baseline is not None]
    if slo.trial is not None and any(probe.cell.environment == PRODUCTION for probe in paired):
        problems.add(slo.trial, "a trial is no SLO for production", "remove `trial`, or play other cells")
    if not paired:
        message = "no probe of this file has a baseline beside it, so the gate could compare nothing"
        problems.add(gate.source.place, message, "the cells file says it: `baseline` of the canary")
        return
    for cell in dict.fromkeys(probe.cell.name for probe in paired):
        here = [probe for probe in paired if probe.cell.name == cell]
        for objective, place in zip(slo.policy.objectives, slo.places, strict=True):
            _check_pairs(objective, place, cell, here, slo.policy, problems)


def _check_pairs(
    objective: Objective, place: Place, cell: str, probes: list[ProbePlan], policy: Policy, problems: Problems
) -> None:
    """Each value of its label for itself, where rows of the matrix have it."""
    pairs = pairs_within(objective, probes, policy.window_s - policy.warm_up_s)
    if not pairs:
        message = f"no probe on {cell} and its baseline plays a step of the SLI '{objective.sli}'"
        problems.add(place, f"{message}, so '{objective.name}' would hold every release", "play one, or leave it out")
    for value, count in pairs.items():
        if objective.by and not value:
            continue  # the scenario itself says with which value: only its answers will tell
        if count < policy.pairs_min:
            named = f"{objective.name}[{value}]" if value else objective.name
            message = f"'{named}' gets about {count:.0f} pairs on {cell} within {shown(policy.window_s)}"
            hint = "play its probes more often, or lower `pairs_min`"
            problems.add(place, f"{message}, below the {policy.pairs_min} of `pairs_min`", hint)


def pairs_within(objective: Objective, probes: Iterable[ProbePlan], within_s: float) -> dict[str, float]:
    """How many pairs an objective gets of probes that have a baseline, by the value of its label.

    Without a label all are "", and so are those of which only an answer will tell the value.
    """
    pairs: dict[str, float] = {}
    for probe in probes:
        steps = 1 if objective.sli == RUN else sum(1 for _ in _telling(objective.sli, probe.scenario.steps))
        if steps and probe.baseline is not None:
            value = probe.row.get(objective.by, "") if objective.by else ""
            pairs[value] = pairs.get(value, 0.0) + steps * within_s / probe.schedule.every_s
    return pairs


def coverage_of(policy: Policy, plan: ServingPlan, cell: str, baseline: str) -> Coverage:
    """What the probes of a plan are to show of a canary beside its baseline, by the rows of their matrices."""
    probes = [
        probe
        for probe in plan.probes
        if probe.cell.name == cell and probe.baseline is not None and probe.baseline.name == baseline
    ]
    expected: dict[str, frozenset[str]] = {}
    uncovered: dict[str, frozenset[str]] = {}
    for objective in policy.objectives if probes else ():
        values = frozenset(pairs_within(objective, probes, 1.0))
        if not objective.by or "" in values:
            continue  # its answers alone will tell
        expected[objective.name] = values
        has = {"psp": probes[0].cell.psps, "provider": probes[0].cell.providers}.get(objective.by, ())
        uncovered[objective.by] = uncovered.get(objective.by, frozenset()) | (frozenset(has) - values)
    return Coverage(expected, uncovered)


def _telling(sli: str, steps: Iterable[StepPlan]) -> Iterator[StepPlan]:
    return (step for step in steps if step.operation.sli is not None and step.operation.sli.name == sli)
