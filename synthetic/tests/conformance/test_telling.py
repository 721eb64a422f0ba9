"""An exchange as it is told: as far as anybody reads, and without a piece of a secret."""

from __future__ import annotations

import pytest

from synthetic.conformance.stories import Exchange
from synthetic.conformance.telling import BODY_SHOWN_MAX, exchange_lines
from synthetic.core.effects import Http, HttpReply, Times
from synthetic.core.secrets import MASK, Redactor

TOKEN = "session-token-0123456789"
AT = Times(0, 0, 0, 0)


@pytest.mark.parametrize("shown_chars", [1, len(TOKEN) // 2, len(TOKEN) - 1])
def test_a_token_at_the_cut_of_a_long_body_is_masked_whole(shown_chars: int) -> None:
    """Its first half would be half of a secret."""
    body = (b"x" * (BODY_SHOWN_MAX - shown_chars)) + TOKEN.encode() + b"y" * 5000
    redactor = Redactor()
    redactor.taint(TOKEN)
    exchange = Exchange("bet", Http("POST", "http://w/bet", (), body), HttpReply(200, (), body, AT))
    bodies = [line for line in exchange_lines(exchange, redactor) if "xxx" in line]
    assert [line[2:] for line in bodies] == [f"{'x' * (BODY_SHOWN_MAX - shown_chars)}{MASK}"] * 2
    assert f"< ... the beginning of {len(body)} bytes" in list(exchange_lines(exchange, redactor))
