"""Loads platform mappings: how one platform performs each operation."""

from __future__ import annotations

from pathlib import Path

from synthetic.config.durations import seconds
from synthetic.config.evidence import link_evidence
from synthetic.config.exchanges import Surroundings
from synthetic.config.files import load_mapping
from synthetic.config.home import link_reconcile, link_sweep
from synthetic.config.located import Listed, Mapped, Text
from synthetic.config.models import ConnectionModel, HttpModel, OperationModel, PlatformModel, ReceiveModel
from synthetic.config.operations import ResolveHook, draft_operation, link_operation
from synthetic.config.positions import read_model
from synthetic.config.problems import Problems
from synthetic.config.proofs import link_proofs
from synthetic.config.states import link_states
from synthetic.config.trees import link_tree
from synthetic.config.vocabularies import FRAME, HTTP_ANSWER, operation_vocabulary
from synthetic.core.expressions import Kind, Vocabulary
from synthetic.core.plan import LATE_AFTER_S, Answering, Hook, PlatformPlan


def no_hooks(dotted: str) -> Hook:
    """The operator has allowed no Python. Raises ValueError."""
    raise ValueError(f"this takes an operation from Python ({dotted}), which is not allowed here")


def load_platform(path: Path, *, text: str | None = None, resolve_hook: ResolveHook = no_hooks) -> PlatformPlan:
    """Load one mapping; with `text`, that is read in place of the file. Raises AuthorError with all mistakes."""
    problems = Problems()
    file = load_mapping(path, problems, text)
    model = read_model(PlatformModel, file.data, problems) if file is not None else None
    plan = link_platform(model, problems, resolve_hook) if model is not None else None
    problems.raise_any()
    assert plan is not None, "a mapping without a plan has a mistake"
    return plan


def link_platform(model: PlatformModel, problems: Problems, resolve_hook: ResolveHook) -> PlatformPlan:
    """Link what was read; mistakes go to `problems`."""
    around = Surroundings(model, operation_vocabulary(_saved_names(model)), problems)
    drafts = {
        str(name): draft_operation(name, operation, around, resolve_hook)
        for name, operation in model.operations.items()
    }
    operations = {name: link_operation(draft, drafts, around) for name, draft in drafts.items()}
    answering = {
        str(name): _link_replies(connection, around.names, problems) for name, connection in model.connections.items()
    }
    frames = {
        str(name): link_evidence(
            connection.evidence, connection.source.get_mapped("evidence"), {**around.names, **FRAME}, problems
        )
        for name, connection in model.connections.items()
    }
    states = link_states(model.states, operations, around.names, problems)
    labels = {str(name): problems.expression(text, HTTP_ANSWER) for name, text in model.labels.items()}
    proofs = link_proofs(model.proofs, operations, around.names, problems)
    late_after = model.defaults.late_after if model.defaults is not None else None
    return PlatformPlan(
        str(model.platform), operations, answering, frames, states, labels,
        late_after_s=LATE_AFTER_S if late_after is None else seconds(late_after), proofs=proofs,
        sweep=link_sweep(model.sweep, operations, around.names, problems),
        reconcile=link_reconcile(model.reconcile, operations, around.names, problems),
    )  # fmt: skip


def _saved_names(model: PlatformModel) -> set[Text]:
    exchanges = [exchange for operation in model.operations.values() for exchange in operation.exchanges]
    saved = {name for e in exchanges if isinstance(e, HttpModel | ReceiveModel) for name in e.save}
    return saved | {name for operation in model.operations.values() for name in _unread_names(operation)}


def _unread_names(operation: OperationModel) -> set[Text]:
    """What an exchange that could not be read would have saved: that it was not must be told once, and not at each reader."""
    written = operation.as_written
    listed = written.value("exchanges")
    exchanges = [one for one in listed if isinstance(one, Mapped)] if isinstance(listed, Listed) else []
    return {name for one in (written, *exchanges) for name in one.get_mapped("save")}


def _link_replies(connection: ConnectionModel, names: Vocabulary, problems: Problems) -> tuple[Answering, ...]:
    seen = {**names, **FRAME}
    return tuple(
        Answering(problems.expression(reply.when, seen, Kind.BOOL), link_tree(reply.json_, seen, problems))
        for reply in connection.replies
    )
