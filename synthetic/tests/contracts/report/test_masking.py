"""No secret reaches a report, wherever it stands."""

from __future__ import annotations

import base64
import json

import pytest

from synthetic.contracts.report.masking import is_secret, masked
from synthetic.contracts.results import Mismatch
from synthetic.contracts.sealing import Exchanged
from synthetic.tests.contracts.report.findings import exchange, result, results_of, verification

SECRET = "s3cr3t/value+1"
ENCODED = base64.b64encode(SECRET.encode()).decode()


def everything(over: Exchanged, *mismatches: Mismatch, reason: str = "", **environment: str) -> str:
    """All that a report could show of it."""
    found = verification(result("an order", *mismatches, reason=reason, over=over))
    return results_of(masked(found, environment)).model_dump_json()


@pytest.mark.parametrize(
    "sent",
    [
        json.dumps({"launch_token": SECRET}),
        json.dumps({"launchToken": SECRET}),
        json.dumps({"Authorization": f"Bearer {SECRET}"}),
        json.dumps({"deep": [{"api_key": {"value": SECRET}}]}),
        json.dumps({"text": json.dumps({"token": SECRET})}),
        json.dumps({"url": f"https://x/play?session_id={SECRET}&lang=en"}),
        json.dumps({"signature": SECRET})[:-1],  # cut short: no JSON
        f"user=7&token={SECRET}",
        f"authorization: Bearer {SECRET}",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ" + SECRET,
    ],
)
def test_a_secret_never_appears(sent: str) -> None:
    """By its field's name in JSON, in a form, in a URL; by its own form anywhere."""
    assert SECRET not in everything(Exchanged("POST /orders", sent, 200, ""))
    assert SECRET not in everything(Exchanged("POST /orders", "", 200, sent))


def test_a_secret_in_the_request_line_never_appears() -> None:
    """Nor does the rest of the line go with it."""
    shown = everything(Exchanged(f"GET /play?token={SECRET}&game=dice", "", 200, ""))
    assert SECRET not in shown
    assert "GET /play?token=***&game=dice" in shown


def test_a_value_that_is_secret_here_is_masked_there() -> None:
    """A provider repeats a token in its message, in base64, and in what differs."""
    sent = json.dumps({"token": SECRET})
    body = json.dumps({"message": f"no player for {SECRET} or {ENCODED}"})
    shown = everything(
        Exchanged("POST /orders", sent, 400, body), Mismatch("$.message", '"ok"', f'"no player for {SECRET}"', SECRET)
    )
    assert SECRET not in shown
    assert ENCODED.rstrip("=") not in shown


def test_credentials_in_a_url_never_appear() -> None:
    """As they stand in the words of an HTTP client that got no answer."""
    shown = everything(exchange(), reason="no answer from https://user:pass-w0rd@psp.test/x?a=b@c")
    assert "pass-w0rd" not in shown
    assert "https://***@psp.test/x" in shown


def test_values_of_provider_states_never_appear() -> None:
    """A session that was made for the verification is in the path."""
    over = Exchanged(f"GET /sessions/{SECRET}", "", 200, "", {"token": SECRET})
    assert SECRET not in everything(over)


def test_our_own_keys_are_masked_wherever_they_stand() -> None:
    """A provider that answers with the key it got gives nothing away."""
    body = json.dumps({"error": f"the key {SECRET} is of nobody"})
    over = Exchanged("POST /orders", "", 401, body)
    assert SECRET in everything(over, HOME=SECRET)
    shown = everything(over, reason=f"401: {SECRET}", SYNTHETIC_PSP_A_KEY=SECRET)
    assert SECRET not in shown


def test_a_mismatch_of_a_secret_shows_that_it_is_missing_and_no_value() -> None:
    """That a token is null is the finding; which one was expected is nobody's business."""
    missing = Mismatch("$.launch_token", f'"{SECRET}"', "null", f"expected {SECRET}")
    numeric = Mismatch("$.otp", f'"{SECRET}"', "123456", "expected a string")
    shown = json.loads(everything(Exchanged("POST /orders", "", 200, ""), missing, numeric))
    first, second = shown["pairs"][0]["rows"][0]["differences"]
    assert (first["path"], first["expected"], first["actual"]) == ("$.launch_token", "***", "null")
    assert second["actual"] == "***"
    assert SECRET not in json.dumps(shown)


def test_what_is_no_secret_stays_readable() -> None:
    """Idempotency keys, ids, short words that happen to be a token elsewhere."""
    sent = json.dumps({"token": "bad", "key": "pact-key-charge", "id": "pi_1", "status": "bad"})
    shown = everything(Exchanged("POST /orders", sent, 200, ""))
    assert "pact-key-charge" in shown
    assert '\\"status\\": \\"bad\\"' in shown
    assert '\\"token\\": \\"***\\"' in shown


@pytest.mark.parametrize("name", ["key", "Idempotency-Key", "id", "status", "currency", "design", "pinned", "assigned"])
def test_ordinary_names_are_no_secrets(name: str) -> None:
    """A report that masks everything tells nothing."""
    assert not is_secret(name)


@pytest.mark.parametrize(
    "name", ["token", "launchToken", "X-Hub88-Signature", "X-REQUEST-SIGN", "Authorization", "client_secret", "apiKey"]
)
def test_names_of_secrets_are_known_in_every_spelling(name: str) -> None:
    """As fields, headers and parameters are written."""
    assert is_secret(name)
