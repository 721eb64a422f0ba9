"""OpenSLO documents of anybody's: the SLO file that is made of them, and every kind of mistake in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from synthetic.config.openslo import import_openslo
from synthetic.config.slo import load_slo
from synthetic.core.errors import AuthorError, Mistake
from synthetic.tests.config.test_mistakes import FILE, TABLES
from synthetic.tests.config.test_serving import mutated_from

BLOCKS = [block.partition("\n") for block in (TABLES / "openslo.txt").read_text().split("\n=== ")[1:]]
CASES = [(claim, *rest.split("\n-->>\n")) for claim, _, rest in BLOCKS]


@pytest.mark.parametrize(("claim", "text", "expected"), CASES, ids=[case[0].replace(" ", "-") for case in CASES])
def test_documents_give_an_slo_file_with_notes_or_mistakes_in_their_places(
    claim: str, text: str, expected: str
) -> None:
    """Exactly this, and nothing else; what comes out loads."""
    try:
        imported = import_openslo(FILE, text=text)
    except AuthorError as error:
        found = "\n".join(str(one).removeprefix(f"{FILE}:") for one in error.mistakes)
    else:
        found = "\n".join((imported.text.rstrip("\n"), *(f"note: {note}" for note in imported.notes)))
        assert load_slo(FILE, text=imported.text).objectives, claim
    assert found == expected.strip("\n")


@given(mutated_from(CASES[1][1]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_broken_documents_give_mistakes_and_nothing_else(text: str) -> None:
    """Whatever becomes of their text: an SLO file that loads, or mistakes with their places."""
    told: tuple[Mistake, ...] = ()
    try:
        imported = import_openslo(FILE, text=text).text
    except AuthorError as error:
        told = error.mistakes
    else:
        assert load_slo(FILE, text=imported).objectives
    assert all(one.place.line >= 1 and one.message for one in told)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(AuthorError, match="the file can't be read"):
        import_openslo(tmp_path / "none.yaml")
