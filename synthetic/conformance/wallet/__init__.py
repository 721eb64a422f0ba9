"""The laws of a seamless wallet, tried as a game provider (domain reference 6: 5, 9, 10 to 27, and 38 to 40)."""

from __future__ import annotations

from synthetic.conformance.laws import Law
from synthetic.conformance.wallet import amounts, exactly_once, rollbacks, rounds, scope, sessions, signatures
from synthetic.conformance.wallet.provider import Provider

LAWS: tuple[Law[Provider], ...] = tuple(
    sorted(
        (
            law
            for module in (amounts, exactly_once, rollbacks, rounds, scope, sessions, signatures)
            for law in module.LAWS
        ),
        key=lambda law: law.number,
    )
)
