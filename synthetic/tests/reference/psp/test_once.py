"""Stripe's idempotency at a style A PSP: the first answer is the answer, 500s included."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from synthetic.reference.psp.idempotency import IdempotencyStore, KeyInUse, KeyMismatch, StoredAnswer
from synthetic.tests.reference.psp.running import RunningPsp
from synthetic.tests.reference.psp.serving import wait_until
from synthetic.tests.reference.psp.test_intents import captured, error_of, intent, kinds, payout


def test_a_replay_answers_the_stored_bytes(intents: RunningPsp) -> None:
    """The status of then, not of now, and a header that says so."""
    first = intent(intents, key="same")
    wait_until(lambda: kinds(intents, "same") == ["capture"])
    again = intent(intents, key="same")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert kinds(intents, "same") == ["capture"]


def test_changed_parameters_are_an_idempotency_error(intents: RunningPsp) -> None:
    """400 `idempotency_error`, and nothing is charged; also when the key comes at another address."""
    intent(intents, key="changed")
    assert error_of(intent(intents, key="changed", amount=200)) == (400, "idempotency_error")
    assert error_of(payout(intents, key="changed")) == (400, "idempotency_error")
    wait_until(lambda: kinds(intents, "changed") == ["capture"])


def test_a_500_is_stored(intents: RunningPsp) -> None:
    """Once the PSP is well again, the key still answers 500; another key goes through."""
    intents.throw("answers_500")
    assert intent(intents, key="broken").status_code == 500
    intents.board.clear()
    again = intent(intents, key="broken")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (500, "true")
    assert intent(intents).status_code == 200


def test_a_decline_is_stored(intents: RunningPsp) -> None:
    """A retry under the key of a decline is the decline again, and no new event."""
    first = intent(intents, key="no", payment_method="card_do_not_honor")
    assert intent(intents, key="no", payment_method="card_do_not_honor").content == first.content


def test_a_concurrent_duplicate_is_a_409_and_not_stored(intents: RunningPsp) -> None:
    """While the first hangs, the others get 409; afterwards the key answers what really happened."""
    intents.throw("times_out_after_capture")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: intent(intents, key="race"), range(4)))
    assert sorted(answer.status_code for answer in answers) == [409, 409, 409, 504]
    intents.board.clear()
    again = intent(intents, key="race")
    assert (again.status_code, again.json()["status"]) == (200, "processing")
    assert kinds(intents, "race") == ["capture"]


def test_a_refund_is_made_once_per_key(intents: RunningPsp) -> None:
    """The same refund again is answered with the same id."""
    body = {"payment_intent": captured(intents, key="once")["id"], "amount": 40}
    first, again = (intents.post("/v1/refunds", body, key="once-refund") for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert kinds(intents, "once") == ["capture", "refund"]


def test_a_key_has_a_greatest_length(intents: RunningPsp) -> None:
    """255 characters go through, 256 do not."""
    assert intent(intents, key="x" * 255).status_code == 200
    assert error_of(intent(intents, key="x" * 256)) == (400, "idempotency_key_too_long")


def test_a_pruned_key_is_a_new_operation() -> None:
    """After 24 hours the key may be claimed again, but never while its request is still executed."""
    now_s = [0.0]
    store = IdempotencyStore(keep_s=86_400, monotonic_s=lambda: now_s[0])
    assert store.claim("m", "k", "f") is None
    now_s[0] = 90_000
    with pytest.raises(KeyInUse):
        store.claim("m", "k", "f")
    store.store("m", "k", StoredAnswer(200, b"{}"))
    assert store.claim("m", "k", "g") is None


def test_merchants_do_not_share_keys() -> None:
    """The same key of another merchant is another key."""
    store = IdempotencyStore()
    store.claim("m", "k", "f")
    assert store.claim("n", "k", "f") is None
    with pytest.raises(KeyMismatch):
        store.claim("m", "k", "g")
