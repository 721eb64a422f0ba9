"""`python -m synthetic.contracts.laws BOUNDARY --url URL`: the laws of one boundary, tried wherever it runs.

Exit codes: 0 no law is broken, 1 one is, 2 bad options, 3 nobody answers. Secrets are references, `env:NAME` or `file:PATH`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synthetic.config.secret_refs import BadReference, resolve
from synthetic.conformance.dialects import DIALECTS
from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.stories import NotTried
from synthetic.conformance.wallet.provider import Given
from synthetic.contracts.laws.examining import EXAMPLES, STEPS, examine
from synthetic.contracts.laws.psp_intents import IntentsTarget
from synthetic.contracts.laws.psp_notifications import NotificationsTarget
from synthetic.contracts.laws.wallet import WalletTarget
from synthetic.core.errors import TargetUnreachable
from synthetic.core.money import Money

HELD, BROKEN, BAD_OPTIONS, UNREACHABLE = 0, 1, 2, 3


def main(arguments: Sequence[str]) -> int:
    """Examine, and tell what was found and how to see it again."""
    given = _parser().parse_args(arguments)
    try:
        target = given.target(given)
        examined = examine(target, seed=given.seed, examples=given.examples, steps=given.steps)
    except BadReference as error:
        return _tell(str(error), BAD_OPTIONS)
    except (TargetUnreachable, NotTried) as error:
        return _tell(str(error), UNREACHABLE)
    return _tell(examined.told(), BROKEN if examined.findings else HELD)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m synthetic.contracts.laws", description=__doc__)
    boundaries = parser.add_subparsers(required=True, metavar="BOUNDARY")
    for name, make, options in (
        ("wallet", _wallet, ("--dialect", "--key", "--player", "--token", "--game", "--currency")),
        ("psp-intents", _intents, ()),
        ("psp-notifications", _notifications, ()),
    ):
        boundary = boundaries.add_parser(name)
        boundary.set_defaults(target=make)
        boundary.add_argument("--url", required=True)
        for option in options:
            boundary.add_argument(option, required=True, choices=sorted(DIALECTS) if option == "--dialect" else None)
        boundary.add_argument("--seed", type=int, default=0)
        boundary.add_argument("--examples", type=int, default=EXAMPLES, help="random plays after the tour")
        boundary.add_argument("--steps", type=int, default=STEPS, help="rules in one of them, at most")
        if name == "wallet":
            boundary.add_argument(
                "--expired-token", default="", help="a token of the player that was good and has expired"
            )
        if name == "psp-intents":
            boundary.add_argument(
                "--key", default="", help="our API key; without one we register, as the reference PSP lets us"
            )
    return parser


def _wallet(given: Any) -> WalletTarget:
    seat = Seat(given.player, _secret(given.token), given.game, given.currency)
    expired = _secret(given.expired_token) if given.expired_token else None
    return WalletTarget(
        given.url, given.dialect, _secret(given.key), Given(seat, Money(10, given.currency), expired_token=expired)
    )


def _intents(given: Any) -> IntentsTarget:
    return IntentsTarget(given.url, api_key=_secret(given.key) if given.key else "")


def _notifications(given: Any) -> NotificationsTarget:
    return NotificationsTarget(given.url)


def _secret(reference: str) -> str:
    return resolve(reference, Path())


def _tell(words: str, code: int) -> int:
    sys.stdout.write(f"{words}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
