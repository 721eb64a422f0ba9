"""What goes wrong with the creation of a payment: drawn once per payment, so that a repetition meets the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.responses import Response

from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.switchboard import Switch, Switchboard

REMEMBERED_MAX = 20_000
HTML = "<html><head><title>200 OK</title></head><body><h1>Please wait</h1></body></html>"

CREATION_SWITCHES = {
    "answers_200_with_error": "creating a payment is answered 200 with an error body, and nothing is captured",
    "answers_500": "creating a payment is answered 500 without a capture, and that answer is stored under the key",
    "answers_200_unreadable": "creating a payment is answered 200 with HTML (params.form truncated: half of the JSON); "
    "params.captured (false) says whether the payment goes on",
    "times_out_after_capture": "a payment is created and captured, then the request hangs and is answered 504",
}


@dataclass(slots=True)
class Mishaps:
    """The mishaps of one PSP, by merchant and idempotency key; of a request without a key nothing is remembered."""

    board: Switchboard
    _drawn: OrderedDict[tuple[str, str], Switch | None] = field(default_factory=OrderedDict)

    def of(self, merchant: Merchant, key: str) -> Switch | None:
        """The switch that spoils this payment, or None."""
        known = (merchant.name, key)
        if key and known in self._drawn:
            return self._drawn[known]
        drawn = (self.board.acting(name, cell=merchant.cell) for name in CREATION_SWITCHES)
        mishap = next((switch for switch in drawn if switch is not None), None)
        if key:
            self._drawn[known] = mishap
            while len(self._drawn) > REMEMBERED_MAX:
                self._drawn.popitem(last=False)
        return mishap


def wrong_capture(switch: Switch, amount_minor: int, currency: str) -> tuple[int, str]:
    """What the fault `captures_wrong` takes instead of an amount: `params.off_minor` more, or as much in `params.currency`."""
    other = switch.params.get("currency")
    if other is not None:
        return amount_minor, str(other)
    return max(1, amount_minor + int(switch.params.get("off_minor", -1))), currency


def is_captured(mishap: Switch) -> bool:
    """Whether a payment whose answer is unreadable goes on all the same."""
    return bool(mishap.params.get("captured", False))


def unreadable(mishap: Switch, answer: bytes) -> Response:
    """HTTP 200 that nobody can read: a page of HTML, or JSON that ends in the middle."""
    if mishap.params.get("form") == "truncated":
        return Response(answer[: len(answer) // 2] or b"{", 200, media_type="application/json")
    return Response(HTML, 200, media_type="text/html")
