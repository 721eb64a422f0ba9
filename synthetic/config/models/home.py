"""What a mapping says of a player's wallet as a whole: `sweep` and `reconcile`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from synthetic.config.fields import Cel, Duration, Identifier, OperationName, Shorthand
from synthetic.config.positions import Node


class WalletCallModel(Node):
    """A call that reads something of the wallet."""

    noun: ClassVar[str] = "a call"
    call: OperationName = Field(description="The operation that reads it; it moves no money.")
    with_: dict[Identifier, Any] = Field(default_factory=dict, alias="with", description="Its inputs by name.")


class WithdrawModel(Node):
    """How a surplus leaves the wallet."""

    noun: ClassVar[str] = "the withdrawal of a surplus"
    call: OperationName = Field(description="The operation that withdraws; it moves money out of the wallet.")
    with_: dict[Identifier, Any] = Field(
        default_factory=dict,
        alias="with",
        description="Its inputs by name; they may read `surplus` and `source.*`, the inputs of the newest payment that came in.",
    )
    until: Cel | None = Field(None, description="When it has left, as `out.state == 'paid'`.")
    within: Duration | None = Field(None, description="How long that may take (15s).")


class SweepModel(Node):
    """How a player's wallet gets back to its baseline after a run was recovered."""

    noun: ClassVar[str] = "sweep"
    balance: Annotated[WalletCallModel, Shorthand("call")] = Field(description="How the balance is read.")
    cash: Cel = Field(description="The player's cash in its answer, as `out.cash`.")
    withdraw: WithdrawModel | None = Field(None, description="How a surplus is withdrawn; without it, it is only told.")


class StatementModel(Node):
    """A statement, and its entries in one form."""

    noun: ClassVar[str] = "a statement"
    call: OperationName = Field(description="The operation that reads it; it moves no money.")
    with_: dict[Identifier, Any] = Field(
        default_factory=dict, alias="with", description="Its inputs by name; a PSP's may read `psp`."
    )
    entries: Cel = Field(
        description="A list of maps with `reference`, `kind` (the limit's name of the effect, '' for what is none), "
        "`amount_minor` (signed, as the wallet sees it), `currency`, and where they are known `key` and `at` (Unix seconds)."
    )


class ReconcileModel(Node):
    """Which statements the journal is compared by."""

    noun: ClassVar[str] = "reconcile"
    ledger: StatementModel = Field(description="The platform's own statement of a player's wallet.")
    kinds: list[Identifier] = Field(
        description="Of which kinds of effects the ledger tells, as [deposit, withdraw, stake]."
    )
    psp: StatementModel | None = Field(None, description="A PSP's report of a player, read for each `cell.psps`.")
    reference: Identifier | None = Field(
        None, description="The output of each look-up that the statements know the effect by (id)."
    )
