"""A verification says what is wrong, where, and at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from synthetic.contracts import states, verifying
from synthetic.contracts.boundaries.cashier_psp_a import CONTRACT as CASHIER_PSP_A
from synthetic.contracts.keys import with_salted_keys
from synthetic.contracts.pacts import pact_of
from synthetic.contracts.providers import PROVIDERS
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.serving import read_body, serving
from synthetic.contracts.states import WRONG_SEAL
from synthetic.contracts.verifying import Target, verify
from synthetic.tests.contracts.shop import good, order, pact, shop
from synthetic.tests.drivers.servers import free_port

SOON_S = 3.0


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """The block takes no longer; Pact by itself repeats a failed state change for two minutes."""
    before_s = time.monotonic()
    yield
    assert time.monotonic() - before_s < seconds


def fails(_params: Mapping[str, Any]) -> Mapping[str, Any]:
    raise RuntimeError("the database is gone")


def test_a_provider_that_answers_more_than_was_agreed_holds() -> None:
    """A further field, another order, another id of the same type."""
    with shop(good) as url:
        assert verify(pact(order()), Target(url)).held


def test_a_mismatch_has_path_expected_and_actual() -> None:
    """Of a body, and of the status."""
    with shop(lambda *_: (200, {"id": 7, "total": 100})) as url:
        (result,) = verify(pact(order()), Target(url)).results
    found = {one.path: (one.expected, one.actual) for one in result.mismatches}
    assert found == {"$.id": ('"o-1"', "7"), "status": ("201", "200")}
    assert "shop breaks buyer, an order: " in result.sentence
    assert result.exchange is not None
    assert json.loads(result.exchange.body) == {"id": 7, "total": 100}


def test_a_missing_state_handler_is_told_at_once() -> None:
    """And the other interactions are verified all the same."""
    with shop(good) as url, within(SOON_S):
        verification = verify(pact(order(), order("a second order", "an order that was paid")), Target(url))
    assert {result.description: result.reason for result in verification.results} == {
        "a second order": "no state handler for 'an order that was paid'",
        "an order": "",
    }
    assert not verification.held


def test_a_state_handler_that_raises_is_told_at_once() -> None:
    """With what it raised; the provider is not even asked."""
    asked = []

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        asked.append(path)
        return good(path, headers, body)

    known = {"an order that was paid": fails}
    with shop(answer) as url, within(SOON_S):
        (result,) = verify(pact(order("late", "an order that was paid")), Target(url, states=known)).results
    assert (
        result.reason == "the state 'an order that was paid' could not be reached: RuntimeError: the database is gone"
    )
    assert not asked


def test_an_unreachable_provider_is_told_at_once() -> None:
    """Nobody listens."""
    with within(SOON_S):
        verification = verify(pact(order("a"), order("b")), Target(f"http://127.0.0.1:{free_port()}"))
    (line,) = verification.told().splitlines()
    assert line.startswith(
        "shop could not be verified for buyer, in 2 of 2: the provider is not reachable at 127.0.0.1"
    )


def test_a_provider_that_goes_away_is_told() -> None:
    """It accepts the connection, and answers nothing that is HTTP."""

    def gone(*_: Any) -> Any:
        raise ConnectionResetError

    with shop(gone) as url, within(SOON_S):
        (result,) = verify(pact(order()), Target(url)).results
    assert result.reason.startswith("the provider did not answer: RemoteProtocolError")


def test_without_states_only_what_needs_none_is_asked() -> None:
    """What is left out is said, with the reason."""
    plain, late = order(), order("late", "an order that was paid")
    with shop(good) as url:
        verification = verify(pact(plain, late, order("odd", needs=["switches"])), Target(url, states=None))
    assert [result.description for result in verification.results] == ["an order"]
    assert verification.left_out == (("late", "needs a provider state"), ("odd", "needs switches"))


def test_a_verification_of_nothing_does_not_hold() -> None:
    """A check that has checked nothing proves nothing."""
    with shop(good) as url:
        verification = verify(pact(order("late", "an order that was paid")), Target(url, states=None))
    assert not verification.held
    assert "nothing could be verified" in verification.told()


@pytest.mark.parametrize(("answered", "broken"), [("o-77", []), ("o-78", ["$.id"])])
def test_a_promised_value_is_compared(answered: str, broken: list[str]) -> None:
    """The id that a replay answers is the one that the state has seen."""
    one = order("again", "an order", promised={"$.id": "${order}"})
    known = {"an order": lambda _params: {"order": "o-77"}}
    with shop(lambda *_: (201, {"id": answered, "total": 100})) as url:
        (result,) = verify(pact(one), Target(url, states=known)).results
    assert [mismatch.path for mismatch in result.mismatches] == broken


def test_the_seal_is_made_for_each_request_and_can_be_wrong() -> None:
    """A signature of the bytes that are sent, by the key of the verification; and for one interaction a wrong one."""
    seen = []

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        return with_salted_keys(request, "s1").having(X_Signature=wrong or f"good:{len(request.body)}")

    def answer(_path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        seen.append((headers["x-signature"], headers["idempotency-key"], json.loads(body)["key"]))
        return good(_path, headers, body)

    interactions = [order("a good one"), order("bad", WRONG_SEAL, params={"how": "another key"}), order("good again")]
    with shop(answer) as url:
        assert verify(pact(*interactions), Target(url, seal)).held
    key = "pact-key-order-s1"
    size = len('{"key":"pact-key-order"}')
    assert seen == [(f"good:{size}", key, key), ("another key", key, key), (f"good:{size}", key, key)]


def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    """Nor do the consumers' clients follow it, so that a provider that has moved breaks them."""

    class Moved(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            read_body(self)
            status, body = good(self.path, {}, b"") if self.path == "/moved" else (307, {})
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if status == 307:
                self.send_header("Location", "/moved")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with serving(Moved) as url:
        (result,) = verify(pact(order()), Target(url)).results
    assert ("status", "201", "307") in [(one.path, one.expected, one.actual) for one in result.mismatches]


@pytest.mark.parametrize("given", [None, 7, True, ["o-7"]])
def test_what_has_to_match_a_regular_expression_is_a_text(given: Any) -> None:
    """Pact by itself takes `null` and numbers for their spelling."""
    agreed = order()
    agreed["response"]["matchingRules"]["body"]["$.id"] = {
        "combine": "AND",
        "matchers": [{"match": "regex", "regex": "^[\\w-]+$"}],
    }
    with shop(lambda *_: (201, {"id": given, "total": 100})) as url:
        (result,) = verify(pact(agreed), Target(url)).results
    assert {one.path for one in result.mismatches} == {"$.id"}
    with shop(good) as url:
        assert verify(pact(agreed), Target(url)).held


def test_a_provider_can_be_verified_again() -> None:
    """What a provider remembers of one verification does not meet the next one."""
    pact_a = pact_of(CASHIER_PSP_A)
    few = pact_a.only([one for one in pact_a.interactions if "cancellation of a payout" in str(one["description"])])
    with PROVIDERS["psp-a"].serving() as target:
        for _ in range(2):
            verification = verify(few, target)
            assert verification.held, verification.told()


def test_a_state_handler_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Pact gives it up, and begins to repeat it."""
    monkeypatch.setattr(states, "STATE_WITHIN_S", 0.2)
    ended = threading.Event()

    def hangs(_params: Mapping[str, Any]) -> Mapping[str, Any]:
        ended.wait(30)
        return {}

    with shop(good) as url, within(SOON_S):
        (result,) = verify(pact(order("late", "an order")), Target(url, states={"an order": hangs})).results
    ended.set()
    assert result.reason == "the state 'an order' could not be reached: TimeoutError: the deadline is over"


def test_a_seal_that_can_not_be_made_is_told() -> None:
    """The request never leaves; the interaction says why."""

    def seal(_request: Outgoing, _wrong: str) -> Outgoing:
        raise ValueError("no such key")

    with shop(good) as url:
        (result,) = verify(pact(order()), Target(url, seal)).results
    assert result.reason == "the request could not be made: ValueError: no such key"


def test_each_exchange_belongs_to_its_interaction() -> None:
    """Whatever the order in which Pact asks, and the provider sees nothing of how we know."""
    seen: list[Mapping[str, str]] = []

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        seen.append(headers)
        return 201, {"id": f"o-{len(seen)}", "total": 100}

    with shop(answer) as url:
        results = verify(pact(order("b"), order("a"), order("c")), Target(url)).results
    assert [result.description for result in results] == ["b", "a", "c"]
    bodies = {result.description: json.loads(result.exchange.body)["id"] for result in results if result.exchange}
    assert bodies == {"a": "o-1", "b": "o-2", "c": "o-3"}
    assert not [name for headers in seen for name in headers if name.startswith("x-synthetic")]


def test_a_provider_that_hangs_is_soon_not_asked_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two silences are enough: what it does not answer, nobody waits for."""
    monkeypatch.setattr(verifying, "TIMEOUT_S", 0.2)
    ended, asked = threading.Event(), []

    def hangs(path: str, _headers: Mapping[str, str], _body: bytes) -> tuple[int, Any]:
        asked.append(path)
        ended.wait(30)
        return 201, {}

    with shop(hangs) as url, within(SOON_S):
        verification = verify(pact(*(order(name) for name in "abcdefgh")), Target(url))
        ended.set()
    assert len(asked) == 2
    assert [line.partition(": ")[2][:28] for line in verification.told().splitlines()] == [
        "the provider did not answer:",
        "the provider has not answere",
    ]


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "does not take our credentials"), (403, "does not take our credentials"), (404, "nothing at this URL")],
)
def test_our_own_mistake_is_no_breach_of_theirs(status: int, why: str) -> None:
    """A rotated key, a wrong path: everything is refused in the same way, and nothing is known of the provider."""
    refused = order("a forgery", WRONG_SEAL, params={"how": "another key"})
    refused["response"] = {"status": status}
    with shop(lambda *_: (status, {"error": "no"})) as url:
        verification = verify(pact(order("a"), order("b"), refused), Target(url))
    assert {result.held for result in verification.results} == {False}
    assert not any(result.mismatches for result in verification.results)
    assert why in verification.told()


def test_a_provider_that_refuses_one_request_breaks_its_contract() -> None:
    """It takes our credentials elsewhere."""

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        seen.append(path)
        return good(path, headers, body) if len(seen) == 1 else (401, {})

    seen: list[str] = []
    with shop(answer) as url:
        verification = verify(pact(order("a"), order("b")), Target(url))
    assert [bool(result.mismatches) for result in verification.results] == [False, True]
