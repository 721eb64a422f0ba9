"""docs/bad-input.md has a row for each case, with what is said of it and the bounds that the tests hold it to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthetic.drivers.guard import Limits
from synthetic.tests.bad_input.cases import Case
from synthetic.tests.bad_input.test_answers import ANSWERS
from synthetic.tests.bad_input.test_transport import CASES, REDIRECTS
from synthetic.tests.bad_input.test_websockets import FRAMES, HANDSHAKES

PAGE = (Path(__file__).parents[3] / "docs" / "bad-input.md").read_text(encoding="utf-8")
ROWS = {
    name: (says, blame, seconds, megabytes)
    for name, says, blame, seconds, megabytes in re.findall(
        r"^\| ([^|]+) \| (.+) \| ([a-z, ]+) \| ([\d.]+) \| (\d+) \|$", PAGE, re.MULTILINE
    )
}
AT_THE_PSP_TOO = {case.name for case in (*ANSWERS, *CASES)}
ALL = [*ANSWERS, *CASES, *REDIRECTS, *FRAMES, *HANDSHAKES]


@pytest.mark.parametrize("case", ALL, ids=str)
def test_a_case_has_its_row(case: Case) -> None:
    """The sentence in the page is one that the test of the case would accept, and the bounds are those that it asserts."""
    says, blame, seconds, megabytes = ROWS[case.name]
    assert re.search(case.says, says)
    assert (float(seconds), int(megabytes)) == (case.took_s_max, case.peak_mb_max)
    assert blame == ("platform, psp" if case.name in AT_THE_PSP_TOO else "platform")


def test_the_page_has_no_row_that_nothing_proves() -> None:
    """Each row is the name of exactly one case."""
    assert sorted(ROWS) == sorted(case.name for case in ALL)


@pytest.mark.parametrize("limit", Limits.__dataclass_fields__)
def test_every_limit_is_told(limit: str) -> None:
    """With the value that holds unless somebody says otherwise."""
    assert f"\n| `{limit}` | {getattr(Limits(), limit)} | " in PAGE
