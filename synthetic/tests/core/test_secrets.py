"""Redaction: no spelling of a tainted secret survives in any text that a person may see."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synthetic.core.secrets import MASK, Redactor

# The mask's own sign is left out: a text that says `*****` says nothing.
words = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]))
secrets = words.filter(lambda text: len(text) >= 4)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": lambda secret: secret,
    "json, ASCII": lambda secret: json.dumps(secret)[1:-1],
    "json, UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "json of PHP": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "path of a URL": quote,
    "part of a URL": lambda secret: quote(secret, safe=""),
    "form": quote_plus,
    "query": lambda secret: urlencode({"k": secret})[2:],
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 without padding": lambda secret: base64.b64encode(secret.encode()).decode().rstrip("="),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}


def redactor(*secrets: str) -> Redactor:
    made = Redactor()
    for secret in secrets:
        made.taint(secret)
    return made


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=secrets, before=words, after=words)
@example(secret='p"\\ä/&+ <\n', before="", after="")
@example(secret="aaaa", before="aa", after="a")
def test_no_spelling_of_a_secret_survives(spelling: str, secret: str, before: str, after: str) -> None:
    """However a writer escapes it and whatever stands around it, the secret is gone and the mask is there."""
    spelt = SPELLINGS[spelling](secret)
    shown = redactor(secret).redact(before + spelt + after)
    assert spelt not in shown
    assert secret not in shown
    assert MASK in shown


@given(known=st.lists(secrets, min_size=1, max_size=4), before=words, after=words)
@example(known=["abcdef", "defghi"], before="", after="ghi")
def test_overlapping_secrets_leave_no_end_of_each_other(known: list[str], before: str, after: str) -> None:
    """Where one secret runs into the next, neither the tail of the one nor the head of the other stays."""
    masked = redactor(*known)
    shown = masked.redact(before + "".join(known) + after)
    assert not [secret for secret in known if secret in shown]
    assert masked.redact(shown).replace("*", "") == shown.replace("*", "")


def test_two_secrets_with_a_common_part_are_masked_as_one() -> None:
    """`abcdef` and `defghi` in `abcdefghi`: masking the first must not save the end of the second."""
    assert redactor("abcdef", "defghi").redact("<abcdefghi>") == f"<{MASK}>"


def test_a_secret_that_overlaps_itself_is_masked_to_its_end() -> None:
    """`aaaa` stands four times in `aaaaaaa`; no letter of any of them stays."""
    assert redactor("aaaa").redact("<aaaaaaa>") == f"<{MASK}>"


def test_a_secret_that_holds_another_is_masked_whole() -> None:
    """The order of tainting does not matter."""
    for order in (("token-1234", "1234"), ("1234", "token-1234")):
        assert redactor(*order).redact("token-1234 and 1234") == f"{MASK} and {MASK}"


@pytest.mark.parametrize(
    ("secret", "spelt"),
    [
        ("ab+cd/ef==", '"ab\\u002Bcd/ef=="'),  # System.Text.Json
        ("a&b<c>d", "a\\u0026b\\u003cc\\u003ed"),  # Go's encoding/json
        ("ab/cd/ef", "ab\\/cd\\/ef"),  # PHP's json_encode
        ('über"gut', "\\u00FCber\\u0022gut"),  # System.Text.Json
        ("p@ss word", "p%40ss+word"),  # a form
        ("p@ss/word", "p%40ss%2fword"),  # a URL in small letters
        ("pässword", "p%c3%a4ssword"),
    ],
)
def test_the_json_of_other_platforms_shows_no_secret(secret: str, spelt: str) -> None:
    """The JSON writers of .NET, Go and PHP escape more than they must; their spellings are known."""
    shown = redactor(secret).redact(f"before {spelt} after")
    assert shown.strip('"').replace('"', "") == f"before {MASK} after"


@given(user=words, password=secrets)
def test_basic_auth_is_masked_by_tainting_its_pair(user: str, password: str) -> None:
    """In base64 a prefix shifts everything, so the pair that is sent is tainted as such (as the machine does)."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    shown = redactor(password, pair).redact(f"Authorization: Basic {pair}")
    assert shown == f"Authorization: Basic {MASK}"


def test_a_text_without_secrets_is_unchanged() -> None:
    """Nothing is masked by the way, with secrets and without."""
    assert redactor().redact("stake=0.20") == "stake=0.20"
    assert redactor("a-secret").redact("stake=0.20 a-secre") == "stake=0.20 a-secre"
    assert redactor("a-secret").redact("") == ""


def test_a_text_too_short_to_be_secret_is_not_masked() -> None:
    """Masking `1` would blot out every amount of a report."""
    assert redactor("", "1", "EUR").redact("1.00 EUR") == "1.00 EUR"


def test_taint_hands_the_secret_back() -> None:
    """So a value can be tainted where it is captured."""
    assert Redactor().taint("secret-7") == "secret-7"


def test_a_secret_that_is_not_utf8_can_be_tainted() -> None:
    """An environment variable may hold any bytes; Python shows them as lone surrogates."""
    secret = b"caf\xe9-key".decode(errors="surrogateescape")
    assert redactor(secret).redact(f"<{secret}> caf%E9-key") == f"<{MASK}> {MASK}"


@given(
    st.lists(st.text("abc", min_size=4, max_size=8), min_size=1, max_size=3),
    st.text("abc", max_size=80),
    st.integers(0, 80),
)
def test_the_beginning_of_a_text_shows_no_part_of_a_secret(secrets: list[str], text: str, chars: int) -> None:
    """It is the beginning of the whole text masked, so a cut never runs through a secret; and it says whether that is all."""
    redactor = Redactor()
    for secret in secrets:
        redactor.taint(secret)
    shown, whole = redactor.beginning(text, chars)
    masked = redactor.redact(text)
    assert masked.startswith(shown)
    assert whole == (shown == masked)
