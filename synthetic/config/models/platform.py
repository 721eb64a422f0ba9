"""A platform mapping: how one platform performs each operation."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from synthetic.config.fields import (
    AnyText,
    Cel,
    Duration,
    Identifier,
    InputKind,
    Name,
    OperationName,
    Shorthand,
    Statuses,
    Title,
    Tree,
    one_of,
)
from synthetic.config.fields import Template as TemplateText
from synthetic.config.located import Listed, Mapped, Text
from synthetic.config.models.exchanges import FORMS, ExchangeModel, RefusalModel, Saves
from synthetic.config.models.home import ReconcileModel, SweepModel
from synthetic.config.positions import Node
from synthetic.config.problems import Problems
from synthetic.core.events import RELEASE_LABELS
from synthetic.core.history import FACTS
from synthetic.core.outcome import Blame

PROOFS = ("player", "cell")
Purse = Annotated[Text, one_of("wallet", "bonus", "psp", "game", "round", "provider", "house")]

Evidence = dict[Annotated[Text, one_of(*FACTS)], dict[Identifier, Cel]]


class SliModel(Node):
    """The service level indicator that a step of this operation counts for."""

    noun: ClassVar[str] = "sli"
    name: Name = Field(description="Its name.")
    by: list[Identifier] = Field(default_factory=list, description="Inputs that become labels, such as psp.")


class KeyModel(Node):
    """Where the idempotency key goes."""

    noun: ClassVar[str] = "key"
    header: AnyText | None = Field(None, description="The header that carries it.")
    field: Title | None = Field(None, description="The field of the JSON or form body that carries it.")
    value: TemplateText | None = Field(
        None, description="The key itself, where the protocol wants a form of its own; else it is made of run and step."
    )


class PollModel(Node):
    """How the state of the operation is asked for again."""

    noun: ClassVar[str] = "poll"
    call: OperationName = Field(description="The operation that asks.")
    every: Duration | None = Field(None, description="The pause between two polls (250ms).")
    with_: dict[Identifier, Any] = Field(
        default_factory=dict, alias="with", description="Its arguments; without it, by name from `out`, `args`, `key`."
    )


class LookupModel(Node):
    """How an effect with an unknown outcome is asked for by its key."""

    noun: ClassVar[str] = "lookup"
    call: OperationName = Field(description="The operation that asks.")
    with_: dict[Identifier, Any] = Field(
        default_factory=dict, alias="with", description="Its arguments; without it, by name from `args` and `key`."
    )
    found: Cel | None = Field(None, description="When its answer says that the effect exists; without it, always.")


class UndoModel(Node):
    """How the effect is taken back."""

    noun: ClassVar[str] = "undo"
    call: OperationName = Field(description="The operation that takes it back.")
    with_: dict[Identifier, Any] = Field(
        default_factory=dict, alias="with", description="Its arguments; without it, by name from `out`, `args`, `key`."
    )
    when: Cel | None = Field(None, description="When it can be taken back; without it, always.")
    settled: Cel | None = Field(
        None, description="When it is over, with nothing left to take back; an effect that is neither is stranded."
    )


class MovesModel(Node):
    """The money effect of an operation."""

    noun: ClassVar[str] = "moves"
    kind: Identifier = Field(description="Names the limit that covers it: deposit, stake, withdraw, bonus.")
    amount: Cel = Field(description="The amount, usually `args.amount`.")
    from_: Purse = Field(alias="from", description="Where the money comes from.")
    to: Purse = Field(description="Where the money goes.")
    key: KeyModel = Field(description="Where the idempotency key goes, for money is never sent without one.")
    lookup: Annotated[LookupModel, Shorthand("call")] = Field(
        description="How an effect with an unknown outcome is asked for by its key."
    )
    undo: Annotated[UndoModel, Shorthand("call")] = Field(
        description="How it is taken back; `none` where that can't be, and then `why`."
    )
    why: Title | None = Field(None, description="Why there is no undo; only with `undo: none`.")


class BlameModel(Node):
    """Whom to blame for a failure."""

    noun: ClassVar[str] = "a rule of blame"
    when: Cel = Field(description="When the rule applies; it may read `code`, `error` and `overdue`.")
    is_: Annotated[Text, one_of(*Blame)] = Field(alias="is", description="Whom to blame.")
    because: Title | None = Field(None, description="Why, for the person who reads the report.")


class DefaultsModel(Node):
    """What holds for every operation unless it says otherwise."""

    noun: ClassVar[str] = "defaults"
    headers: dict[AnyText, TemplateText] = Field(default_factory=dict, description="Headers of every HTTP request.")
    timeout: Duration | None = Field(None, description="The time-out of every HTTP request (10s).")
    ok: Statuses | None = Field(None, description="When an HTTP answer means done (any 2xx).")
    refused: list[RefusalModel] = Field(default_factory=list, description="Rules behind each HTTP exchange's own.")
    blame: list[BlameModel] = Field(default_factory=list, description="Rules behind each operation's own.")
    late_after: Duration | None = Field(
        None,
        description="How long a request that moves money may be on its way (10m); one that is not found then never arrived.",
    )


class ReplyModel(Node):
    """A frame that is answered by itself."""

    noun: ClassVar[str] = "a reply"
    when: Cel = Field(description="Which frame (`frame.*`) is answered.")
    json_: Tree = Field(alias="json", description="The answer: JSON with holes.")


class ConnectionModel(Node):
    """A WebSocket."""

    noun: ClassVar[str] = "a connection"
    url: TemplateText = Field(description="Its ws or wss address, usually `${{ cell.endpoints.<name> }}`.")
    headers: dict[AnyText, TemplateText] = Field(default_factory=dict, description="Headers of its opening request.")
    subprotocols: list[AnyText] = Field(default_factory=list, description="Subprotocols to offer, best first.")
    replies: list[ReplyModel] = Field(default_factory=list, description="Frames that are answered by themselves.")
    evidence: Evidence = Field(default_factory=dict, description="What each frame that comes tells the judge.")


class OperationModel(Node):
    """One business action of a platform: exchanges (or Python), outputs, and what it means for money and blame."""

    noun: ClassVar[str] = "an operation"
    inputs: dict[Identifier, InputKind] = Field(
        default_factory=dict,
        description="Its inputs: money, string, int, bool, list, map or any; `string?` and `any?` may be left out.",
    )
    sli: SliModel | None = Field(None, description="The indicator that its steps count for.")
    exchanges: list[ExchangeModel] = Field(
        default_factory=list,
        description="Its requests and frames, in order; a single one may be written into the operation itself.",
    )
    python: TemplateText | None = Field(
        None, description="`module:function`, a generator of effects, instead of exchanges."
    )
    moves: MovesModel | None = Field(None, description="Its money effect.")
    out: Saves = Field(
        default_factory=dict, description="Its outputs, taken from the last answer; of a Python operation, their types."
    )
    poll: Annotated[PollModel, Shorthand("call")] | None = Field(
        None, description="How its state is asked for again while a step waits for its `until`."
    )
    declined: list[RefusalModel] = Field(
        default_factory=list, description="Outputs that mean: refused later on, as a declined card is."
    )
    blame: list[BlameModel] = Field(
        default_factory=list, description="Whom to blame when a step of it fails: the first rule that applies."
    )
    evidence: Evidence = Field(
        default_factory=dict, description="What a finished step tells the judge: kinds of facts and their fields."
    )

    @classmethod
    def widened(cls, value: Mapped, problems: Problems) -> Mapped:
        """Move the keys of an exchange that is written into the operation to where exchanges are."""
        inline = {key for key in value if key in inline_keys() and key not in cls.known_keys()}
        form = next((key for key in FORMS if key in inline), None)
        if form is None:
            return cls._without_form(value, inline, problems)
        given = value.without({key for key in value if key not in inline})
        if "exchanges" in value or "python" in value:
            other = "exchanges" if "exchanges" in value else "python"
            problems.add(given.key_at(form), f"an operation has either `{form}` or `{other}`, not both")
            return value.without(inline)
        wide = value.without(inline)
        place = given.key_at(form)
        return wide.with_value(Text("exchanges", place), Listed([given], value.place, [value.place]), value.place)

    @classmethod
    def _without_form(cls, value: Mapped, inline: set[Text], problems: Problems) -> Mapped:
        """Keys of an exchange without the key that says which; a misspelt one is told by itself."""
        understood = all(key in cls.known_keys() or key in inline for key in value)
        if inline and understood:
            first = min(inline, key=lambda key: key.place)
            elsewhere = "exchanges" in value or "python" in value
            hint = "move it into one of the `exchanges`" if elsewhere else "did you forget `http: METHOD /path`?"
            problems.add(first.place, f"`{first}` belongs to an exchange, and there is none beside it", hint)
        return value.without(inline)

    @classmethod
    def suggested_keys(cls) -> list[str]:
        """Those of an exchange that is written into it, too."""
        return [*cls.known_keys(), *inline_keys()]

    def is_understood(self) -> bool:
        """Whether all that was written is known and was read; then a missing exchange is no consequence of another mistake."""
        written = self.as_written
        return all(key in self.known_keys() for key in written) and not written.value("exchanges")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Its own keys and those of an exchange that is written into it."""
        reference = handler(schema)
        written = handler.resolve_ref_schema(reference)
        for model in FORMS.values():
            exchange = handler.resolve_ref_schema(handler(model.__pydantic_core_schema__))
            written["properties"] = {**exchange["properties"], **written["properties"]}
        return reference


def inline_keys() -> frozenset[str]:
    """The keys of an exchange, which may be written into an operation that has only one."""
    return frozenset(key for model in FORMS.values() for key in model.known_keys())


class StateCallModel(Node):
    """How a state is entered or left."""

    noun: ClassVar[str] = "entering or leaving a state"
    call: OperationName = Field(description="The operation that does it; it moves no money.")
    with_: dict[Identifier, Any] = Field(default_factory=dict, alias="with", description="Its inputs by name.")


class StateModel(Node):
    """A state of the player that a scenario may need."""

    noun: ClassVar[str] = "a state"
    enter: Annotated[StateCallModel, Shorthand("call")] = Field(description="How the player gets into it.")
    leave: Annotated[StateCallModel, Shorthand("call")] = Field(description="How he gets out of it again.")
    holds: Cel | None = Field(
        None, description="When he is in it by himself, as `player.pool == 'excluded'`; then he stays in it."
    )


class ProofModel(Node):
    """What proves, before a run, that it may be played."""

    noun: ClassVar[str] = "a proof"
    call: OperationName = Field(description="The operation that asks; it moves no money.")
    with_: dict[Identifier, Any] = Field(default_factory=dict, alias="with", description="Its inputs by name.")
    holds: Cel = Field(description="What has to hold of its answer, as `out.synthetic`; else nothing is played.")


class PlatformModel(Node):
    """A platform mapping."""

    noun: ClassVar[str] = "a platform mapping"
    platform: Name = Field(description="The platform's name, by which a cell refers to it.")
    base: TemplateText | None = Field(None, description="What a path is appended to, as `${{ cell.endpoints.api }}`.")
    defaults: DefaultsModel | None = Field(None, description="What holds for every operation.")
    connections: dict[Identifier, ConnectionModel] = Field(default_factory=dict, description="WebSockets by name.")
    operations: dict[OperationName, OperationModel] = Field(description="The operations by name.")
    states: dict[Identifier, StateModel] = Field(
        default_factory=dict, description="States that a scenario may need its player in, by name."
    )
    labels: dict[Annotated[Text, one_of(*RELEASE_LABELS)], Cel] = Field(
        default_factory=dict, description="Where an answer tells which release gave it; what has it not tells nothing."
    )
    proofs: dict[Annotated[Text, one_of(*PROOFS)], ProofModel] = Field(
        default_factory=dict,
        description="What `synthetic serve` asks for before it plays: `player` (a synthetic account), `cell` (it is the one).",
    )
    sweep: SweepModel | None = Field(None, description="How a wallet gets back to its baseline after a recovery.")
    reconcile: ReconcileModel | None = Field(None, description="Which statements `synthetic reconcile` compares.")
