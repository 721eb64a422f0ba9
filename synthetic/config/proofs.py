"""Links the proofs of a mapping: what is asked of a platform before a run, so that only what is meant to be played on is."""

from __future__ import annotations

from collections.abc import Mapping

from synthetic.config.located import Text
from synthetic.config.models import ProofModel
from synthetic.config.problems import Problems
from synthetic.config.states import link_call
from synthetic.config.vocabularies import prefixed
from synthetic.core.expressions import Kind, Vocabulary
from synthetic.core.plan import OperationPlan, ProofPlan


def link_proofs(
    models: Mapping[Text, ProofModel],
    operations: Mapping[str, OperationPlan],
    names: Vocabulary,
    problems: Problems,
) -> dict[str, ProofPlan]:
    """The proofs of a mapping by name."""
    return {str(name): _link(model, operations, names, problems) for name, model in models.items()}


def _link(
    model: ProofModel, operations: Mapping[str, OperationPlan], names: Vocabulary, problems: Problems
) -> ProofPlan:
    call = link_call(model, operations, names, problems, purpose="a proof is taken")
    operation = operations.get(model.call)
    outs = prefixed("out", operation.out_kinds()) if operation is not None else {"out": Kind.ANY}
    return ProofPlan(call, problems.expression(model.holds, {**names, **outs}, Kind.BOOL))
