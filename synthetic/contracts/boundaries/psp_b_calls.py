"""The calls of psp-b about an order, as its pact has them: with what the cashier reads, and holes for what a state gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Template = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call about an order. `kind`: deposit or withdrawal; `facts`: its body, with holes."""

    name: str
    kind: str
    facts: Template

    @property
    def logged_as(self) -> str:
        """The PSP's own word for it."""
        return f"{self.kind}.{self.name}"

    def as_told(self) -> dict[str, Any]:
        """What a state needs to know in order to make the call before us."""
        return {"call": self.name, "body": dict(self.facts)}

    def having(self, **facts: Any) -> Call:
        """The same with other facts."""
        return replace(self, facts={**self.facts, **facts})

    def without(self, name: str) -> Call:
        """The same, but a fact is missing."""
        return replace(self, facts={one: value for one, value in self.facts.items() if one != name})


def _about(name: str, kind: str, **more: Any) -> Call:
    """With what the cashier reads of it."""
    sign = "" if kind == "deposit" else "-"
    facts = {
        "userId": "${player}",
        "txId": "${transaction}",
        "merchantTxId": f"${{{kind}}}",
        "txAmount": f"{sign}1.00",
        "txAmountCy": "EUR",
        "attributes": {"reference": f"${{{kind}}}"},
        **more,
    }
    return Call(name, kind, facts)


VERIFY = Call("verifyuser", "deposit", {"userId": "${player}"})
AUTHORIZE = _about("authorize", "deposit")
TRANSFER = _about("transfer", "deposit", authCode="${auth_code}")
CANCEL = _about("cancel", "deposit", statusCode="insufficient_funds")
DEBIT = _about("debit", "deposit")
AUTHORIZE_OUT = _about("authorize", "withdrawal")
TRANSFER_OUT = _about("transfer", "withdrawal", authCode="${auth_code}")
CANCEL_OUT = _about("cancel", "withdrawal", statusCode="processing_error")
COME_BACK = _about("cancel", "withdrawal", statusCode="account_closed")
