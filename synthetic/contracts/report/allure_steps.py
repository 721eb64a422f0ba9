"""The verification of a contract in Allure: a step an interaction, with what differed and what went over the wire."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from synthetic.contracts.report.document import Pair, Row, State
from synthetic.contracts.report.wording import difference_table, exchange_text

EPIC = "contracts"


class CouldNotBeJudged(Exception):  # noqa: N818 - it says what happened
    """Tells Allure that a step is neither good nor bad."""


def tell_allure(pair: Pair) -> None:
    """Label the running test and add its steps; does nothing where Allure is not installed."""
    if importlib.util.find_spec("allure") is None:
        return
    import allure  # noqa: PLC0415 - an optional extra

    dynamic: Any = allure.dynamic
    dynamic.title(f"{pair.provider} keeps what {pair.consumer} expects")
    dynamic.epic(EPIC)
    dynamic.feature(pair.provider)
    dynamic.story(pair.consumer)
    if pair.version:
        dynamic.parameter("version", pair.version)
    for row in pair.rows:
        _step(allure, row)


def _step(allure: Any, row: Row) -> None:
    step = allure.step(row.description)
    step.__enter__()
    kind: Any = allure.attachment_type
    if row.differences:
        allure.attach(difference_table(row), name="path, expected, actual", attachment_type=kind.CSV)
    if row.exchange is not None:
        allure.attach(exchange_text(row.exchange), name=row.exchange.request, attachment_type=kind.TEXT)
    if row.on_call:
        allure.attach(row.on_call, name="for whoever is on call", attachment_type=kind.TEXT)
    error = _told(row)
    step.__exit__(type(error) if error else None, error, None)


def _told(row: Row) -> BaseException | None:
    """What makes Allure show a step as failed, broken or skipped."""
    match row.state:
        case State.HELD:
            return None
        case State.BROKEN:
            return AssertionError(row.on_call)
        case State.UNVERIFIED if row.left_out:
            return pytest.skip.Exception(row.reason)
        case _:
            return CouldNotBeJudged(row.reason)
