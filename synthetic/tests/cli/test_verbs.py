"""The list of all verbs says what each says itself, and nothing heavy is imported to show it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from synthetic.cli.verbs import VERBS, Verb
from synthetic.tests.cli.calling import call

SHOW = """
import sys
from synthetic.cli.main import main
code = main(["--help"])
print(*sys.modules, sep="\\n", file=sys.stderr)
sys.exit(code)
"""
HEAVY = (
    "cryptography dbos google grpc h11 h2 httpcore httptools httpx hypothesis jinja2 locust opentelemetry pact prometheus_client "
    "psycopg pydantic ruamel sqlalchemy sqlite3 starlette uvicorn websockets yaml asyncio"
).split()


def test_help_imports_nothing_that_only_a_verb_needs() -> None:
    """No client, no database, no models of documents, no event loop: they take most of two seconds to import."""
    shown = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(shown.stderr.split())
    assert {"synthetic.cli.main", "typer"} <= loaded
    assert sorted(loaded & set(HEAVY)) == []
    packages = {name.split(".")[1] for name in loaded if name.startswith("synthetic.")}
    assert packages == {"cli", "core", "config"}
    assert all(name in shown.stdout for name in VERBS)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_the_list_says_of_a_verb_what_its_own_help_begins_with(verb: Verb) -> None:
    """Two places say it, so that one can be shown without the other; they must not part."""
    command = verb.load()
    assert command.name == verb.name
    assert " ".join(command.help.split("\n\n")[0].split()) == verb.told


def test_a_verb_that_is_none_is_refused() -> None:
    """As ever, with the code of bad input."""
    assert call("nosuch").code == 2
