"""Secrets stay out of reports: what stands under a secret's name is masked there, and its value wherever else it stands.

Exchanges are recorded without headers, before they are sealed; but bodies carry tokens, and a provider may repeat a key
that it got.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from synthetic.config.secret_refs import needs_reference
from synthetic.contracts.results import InteractionResult, Mismatch, Verification
from synthetic.contracts.sealing import Exchanged
from synthetic.core.secrets import MASK, Redactor

_TAINTED_MIN = 8  # characters; a shorter value is masked where its name stands, but may be a common word elsewhere
_CREDENTIAL = re.compile(
    r"(^|_)(authorization|signature|sign|cookie|session|session_id|resume_id|jwt|credential|credentials|pan|card_number|"
    r"secret_key|access_key|signing_key)(_|$)"
)
_OURS = re.compile(r"SYNTHETIC_\w*(KEY|SECRET|TOKEN|PASSWORD|SESSION)")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-.\s]")
_FIELD = re.compile(r'(\\?"([\w.-]+)\\?"\s*:\s*)(\\?")((?:[^"\\]|\\(?!").)*)(?=\\?")')
_NUMBER = re.compile(r'("([\w.-]+)"\s*:\s*)(-?\d[\d.]*)')
_PARAMETER = re.compile(r"((?:^|[?&;\s\"'/])([\w.-]+)=)([^&#;\s\"'<>\\]+)")
_KNOWN_FORMS = (
    (re.compile(r"\b(Bearer|Basic) +[\w+/=.~-]{4,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), MASK),  # a JSON Web Token
    (re.compile(r"(://)[^/@\s:]*:[^/@\s]+@"), rf"\1{MASK}@"),  # credentials in a URL
    (re.compile(r"\b(?:sk|rk|whsec)_[\w-]{8,}"), MASK),  # API keys and webhook secrets in Stripe's form
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
)


def is_secret(name: str) -> bool:
    """Whether a field, parameter or header of this name carries what may not be shown."""
    plain = _HUMP.sub("_", name.strip("$[]'\"")).lower()
    return needs_reference(plain) or _CREDENTIAL.search(plain) is not None


def masked(verification: Verification, environment: Mapping[str, str]) -> Verification:
    """The verification with nothing secret in it. Keys of `environment` (`SYNTHETIC_...KEY`) are masked wherever they stand."""
    redactor = own_keys(environment)
    for result in verification.results:
        for secret in _secrets_of(result):
            if len(secret) >= _TAINTED_MIN:
                redactor.taint(secret)
    results = tuple(_masked(result, redactor) for result in verification.results)
    return replace(verification, version=mask(verification.version, redactor), results=results)


def own_keys(environment: Mapping[str, str]) -> Redactor:
    """One that knows the keys that a verification was given."""
    redactor = Redactor()
    for name, value in environment.items():
        if _OURS.fullmatch(name):
            redactor.taint(value)
    return redactor


def mask(text: str, redactor: Redactor) -> str:
    """The text without what the redactor knows, what has a secret's name, and what has a secret's form."""
    text = redactor.redact(text)
    for form, instead in _KNOWN_FORMS:
        text = form.sub(instead, text)
    text = _FIELD.sub(lambda m: f"{m[1]}{m[3]}{MASK}" if is_secret(m[2]) and m[4] else m[0], text)
    text = _NUMBER.sub(lambda m: f'{m[1]}"{MASK}"' if is_secret(m[2]) else m[0], text)
    return _PARAMETER.sub(lambda m: f"{m[1]}{MASK}" if is_secret(m[2]) else m[0], text)


def _masked(result: InteractionResult, redactor: Redactor) -> InteractionResult:
    exchange = result.exchange
    return replace(
        result,
        mismatches=tuple(_masked_mismatch(one, redactor) for one in result.mismatches),
        reason=mask(result.reason, redactor),
        exchange=None if exchange is None else _masked_exchange(exchange, redactor),
    )


def _masked_exchange(exchange: Exchanged, redactor: Redactor) -> Exchanged:
    """Without the values of its states, which no report needs."""
    return replace(
        exchange,
        request_line=mask(exchange.request_line, redactor),
        request_body=mask(exchange.request_body, redactor),
        body=mask(exchange.body, redactor),
        failure=mask(exchange.failure, redactor),
        values={},
    )


def _masked_mismatch(one: Mismatch, redactor: Redactor) -> Mismatch:
    if _names_a_secret(one.path):  # that it is absent, or of which kind, is no secret, and may be the whole finding
        text = "masked, as it is a secret"
        return Mismatch(one.path, _kind_only(one.expected), _kind_only(one.actual), text)
    return Mismatch(one.path, mask(one.expected, redactor), mask(one.actual, redactor), mask(one.text, redactor))


def _names_a_secret(path: str) -> bool:
    return any(is_secret(part) for part in re.split(r"[.\[\]]", path) if part)


def _kind_only(value: str) -> str:
    try:
        read = json.loads(value)
    except ValueError:
        return MASK if value else ""
    return MASK if isinstance(read, str | int | float | dict | list) and not isinstance(read, bool) else value


def _secrets_of(result: InteractionResult) -> Iterator[str]:
    """The values that stand under secret names, anywhere in what went over the wire or differed."""
    for one in result.mismatches:
        if _names_a_secret(one.path):
            for value in (one.expected, one.actual):
                yield from _scalars(_read(value))
    if result.exchange is None:
        return
    yield from _under_secret_names(result.exchange.values)
    for text in (result.exchange.request_line, result.exchange.request_body, result.exchange.body):
        yield from _under_secret_names(_read(text))
        yield from (unquote_plus(m[3]) for m in _PARAMETER.finditer(text) if is_secret(m[2]))


def _read(text: str) -> Any:
    """The JSON of a text; the text itself where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _under_secret_names(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _scalars(inner) if is_secret(str(name)) else _under_secret_names(inner)
        case str():
            inner = _read(value) if value.lstrip().startswith(("{", "[")) else None
            yield from _under_secret_names(inner) if isinstance(inner, dict | list) else ()
        case Iterable():
            for inner in value:
                yield from _under_secret_names(inner)


def _scalars(value: Any) -> Iterator[str]:
    match value:
        case None | bool():
            return
        case Mapping():
            for inner in value.values():
                yield from _scalars(inner)
        case str() | int() | float():
            yield str(value)
        case Iterable():
            for inner in value:
                yield from _scalars(inner)
