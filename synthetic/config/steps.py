"""Links the steps of a scenario: each sees the values of the steps before it."""

from __future__ import annotations

from collections.abc import Mapping

from synthetic.config.arguments import link_arguments
from synthetic.config.exchanges import duration_s
from synthetic.config.located import Text
from synthetic.config.models import ScenarioModel, StepModel
from synthetic.config.own_codes import is_own_code
from synthetic.config.problems import Problems
from synthetic.config.vocabularies import NAMES_OF_STEPS, ROOTS, merged, prefixed
from synthetic.core.expressions import Expression, Kind, Vocabulary
from synthetic.core.outcome import Blame
from synthetic.core.plan import OperationPlan, PlatformPlan, StepPlan
from synthetic.core.plan_exchanges import HttpPlan

WITHIN_S = 10.0


def link_steps(
    model: ScenarioModel, platform: PlatformPlan, names: Vocabulary, problems: Problems
) -> tuple[tuple[StepPlan, ...], dict[str, Kind]]:
    """The steps, and the names that invariants may use. A broken step still has its name, of any type."""
    linking = _Linking(model, platform, problems)
    if model.has("steps") and not model.source.value("steps"):
        problems.add(model.at("steps"), "a scenario needs at least one step")
    seen = dict(names)
    plans: list[StepPlan] = []
    for step in model.steps:
        plan = linking.link(step, seen, plans)
        if plan is not None:
            plans.append(plan)
        seen |= linking.values_of(step)
    return tuple(plans), seen


class _Linking:
    """What linking one step after the other remembers: the ids that were given."""

    def __init__(self, model: ScenarioModel, platform: PlatformPlan, problems: Problems) -> None:
        self._platform = platform
        self._problems = problems
        self._all_ids = [str(step.id) for step in model.steps]
        self._ids: dict[str, Text] = {}
        self._linked: set[str] = set()

    def link(self, step: StepModel, names: Vocabulary, earlier: list[StepPlan]) -> StepPlan | None:
        """One step; None where its operation is not known."""
        self._check_id(step.id)
        with self._problems.explaining(self._comes_later):
            return self._link(step, names, earlier)

    def _comes_later(self, name: str) -> str:
        """Of an unknown name, whether its step comes later."""
        step_id = name.partition(".")[0]
        if step_id not in self._all_ids or step_id in self._linked:
            return ""
        return f"a step sees only the steps before it, and '{step_id}' is not one of them"

    def _link(self, step: StepModel, names: Vocabulary, earlier: list[StepPlan]) -> StepPlan | None:
        operation = self._platform.operations.get(step.call)
        if operation is None:
            self._problems.unknown(step.call, "operation", self._platform.operations)
            self._link_blindly(step, names)
            return None
        arguments = link_arguments(
            step.with_,
            step.source.get_mapped("with"),
            operation.inputs,
            operation.optional,
            names,
            self._problems,
            callee=operation.name,
            at=step.call.place,
        )
        own = {
            **names,
            **prefixed("args", operation.inputs),
            **prefixed("out", effective_outs(operation, self._platform)),
        }
        return StepPlan(
            id=str(step.id),
            place=step.source.place,
            operation=operation,
            arguments=arguments,
            until=self._link_until(step, operation, own),
            within_s=duration_s(step.within, WITHIN_S),
            expect=tuple(self._problems.expression(claim, own, Kind.BOOL) for claim in step.expect),
            refused=self._link_refused(step),
            repeat=self._link_repeat(step, operation, earlier),
            refusal_class=self._link_class(step),
            at_once=self._link_at_once(step, operation),
        )

    def values_of(self, step: StepModel) -> dict[str, Kind]:
        """The names under which later expressions see a step."""
        self._linked.add(str(step.id))
        operation = self._platform.operations.get(step.call)
        if step.id.stands_in:
            return {}
        if operation is None:
            return {str(step.id): Kind.ANY}
        outs = effective_outs(operation, self._platform)
        values = {**merged(operation.inputs, outs), **dict.fromkeys(NAMES_OF_STEPS, Kind.STRING)}
        return prefixed(step.id, values)

    def _check_id(self, step_id: Text) -> None:
        if step_id.stands_in:
            return
        if step_id in ROOTS:
            self._problems.add(step_id.place, f"'{step_id}' is a word of the language and can't be the id of a step")
        first = self._ids.setdefault(str(step_id), step_id)
        if first is not step_id:
            self._problems.add(
                step_id.place, f"a second step with the id '{step_id}'", f"the first is at line {first.place.line}"
            )

    def _link_blindly(self, step: StepModel, names: Vocabulary) -> None:
        """Of a step whose operation is not known, still check what does not depend on it."""
        own = {**names, "out": Kind.ANY, "args": Kind.ANY}
        for claim in (*([step.until] if step.until is not None else []), *step.expect):
            self._problems.expression(claim, own, Kind.BOOL)
        for value in step.with_.values():
            if isinstance(value, Text):
                self._problems.template(value, names)

    def _link_until(self, step: StepModel, operation: OperationPlan, names: Vocabulary) -> Expression | None:
        if step.until is None:
            return None
        if operation.poll is None:
            self._problems.add(
                step.until.place,
                f"`until` waits, but {operation.name} has no `poll` to ask again with",
                "use `expect` for what has to hold at once",
            )
        return self._problems.expression(step.until, names, Kind.BOOL)

    def _link_refused(self, step: StepModel) -> str:
        code = step.refused
        if code is not None and not code.stands_in and is_own_code(code):
            message = f"'{code}' is a code of the harness itself, which needs no refusal of the platform's"
            hint = "name the code that the platform refuses with, as the mapping's `refused` or `declined` gives it"
            self._problems.add(code.place, message, hint)
        return str(code or "")

    def _link_class(self, step: StepModel) -> Blame | None:
        if step.class_ is None or step.class_.stands_in:
            return None
        if not step.has("refused"):
            message = "`class` says of which class a refusal is, but this step has no `refused`"
            self._problems.add(step.class_.place, message)
        return Blame(str(step.class_))

    def _link_at_once(self, step: StepModel, operation: OperationPlan) -> int:
        if step.at_once is None:
            return 1
        place = step.at("at_once")
        if operation.moves is None:
            self._problems.add(place, f"`at_once` sends a money request, but {operation.name} moves no money")
        elif not any(isinstance(exchange, HttpPlan) and exchange.money for exchange in operation.exchanges):
            self._problems.add(place, f"`at_once` is for HTTP requests; {operation.name} moves its money otherwise")
        return step.at_once

    def _link_repeat(self, step: StepModel, operation: OperationPlan, earlier: list[StepPlan]) -> str:
        if step.repeat is None or step.repeat.stands_in:
            return ""
        problems, name = self._problems, step.repeat
        original = next((plan for plan in earlier if plan.id == name), None)
        if original is None:
            if name in self._all_ids:
                problems.add(name.place, f"the step '{name}' does not come before this one")
            else:
                problems.unknown(name, "step", [plan.id for plan in earlier])
        elif original.operation.moves is None:
            problems.add(name.place, f"the step '{name}' moves no money, so there is nothing to send again")
        elif original.operation.name != operation.name:
            problems.add(
                step.call.place, f"this calls {operation.name}, but repeats a step of {original.operation.name}"
            )
        return str(name)


def effective_outs(operation: OperationPlan, platform: PlatformPlan) -> Mapping[str, Kind]:
    """The outputs of an operation, those of its poll included."""
    polled = platform.operations.get(operation.poll.operation) if operation.poll else None
    return merged(operation.out_kinds(), polled.out_kinds() if polled else {})
