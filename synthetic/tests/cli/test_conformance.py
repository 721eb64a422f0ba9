"""`synthetic conformance`: exit codes, the three forms, and what it says of options that can't be."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from synthetic.tests.cli.calling import Answer, call

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

HUB88 = ("--dialect", "hub88", "--url", "/wallet/a", "--key", "secret:provider-a-wallet-key", "--game", "steady-dice")
SOFTSWISS = (
    "--dialect",
    "softswiss",
    "--url",
    "/wallet/b",
    "--key",
    "secret:provider-b-wallet-secret",
    "--game",
    "steady-wheel",
)


def examine(cells: Path, *arguments: object) -> Answer:
    """Examine the canary's wallet."""
    return call("conformance", "wallet", "--cells", cells, "--cell", "canary", *arguments)


@pytest.mark.parametrize(
    "dialect", [pytest.param(HUB88, id="hub88"), pytest.param(SOFTSWISS, id="softswiss", marks=pytest.mark.slow)]
)
def test_a_newcomer_needs_a_cells_file_and_a_game(cells_file: Path, dialect: tuple[str, ...]) -> None:
    """It logs in and launches by the mapping, for two players, and lets a session expire; what needs more says what to give."""
    answer = examine(cells_file, *dialect)
    assert answer.code == 0, answer.out + answer.err
    lines = answer.out.splitlines()
    assert lines[-1].startswith(f"wallet {dialect[1]}: 21 held, 2 not testable; ")
    assert next(line for line in lines if "26 expired-token" in line).startswith("held")
    assert next(line for line in lines if "40 token-bound-to-player" in line).startswith("held")


def test_json_and_junit_tell_the_same(cells_file: Path, tmp_path: Path) -> None:
    """A law each: what is held, and why one is not testable."""
    out = tmp_path / "out" / "wallet.xml"
    document = json.loads(
        examine(cells_file, *HUB88, "--only", "10", "--only", "ids-outlive-retries", "--format", "json").out
    )
    junit = examine(cells_file, *HUB88, "--only", "10", "--only", "15", "--format", "junit", "--out", out)
    told = {law["invariant"]: law["standing"] for law in document["invariants"]}
    assert told == {10: "held", 15: "not testable"}
    assert document["counts"] == {"held": 1, "broken": 0, "not testable": 1}
    assert (junit.code, junit.out) == (0, "")
    suite = ET.parse(out).getroot()[0]  # noqa: S314 - our own document
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("2", "0", "1")
    assert [case.get("name") for case in suite.iter("testcase")] == [
        "10 same-body-moves-once",
        "15 ids-outlive-retries",
    ]


def test_what_there_was_no_time_for_is_no_pass(cells_file: Path) -> None:
    """Exit 3: nothing is broken, and nothing is known of most laws either."""
    answer = examine(cells_file, *HUB88, "--within", "10ms")
    assert answer.code == 3
    assert "laws were not tried" in answer.err
    assert "raise --within" in answer.out


def test_a_secret_on_the_command_line_is_refused_and_not_repeated(cells_file: Path) -> None:
    """The shell's history and the process list would keep it."""
    answer = examine(cells_file, *SOFTSWISS[:4], "--key", "hunter2hunter2", "--game", "steady-wheel")
    assert answer.code == 2
    assert "--key: a secret is a reference" in answer.err
    assert "hunter2" not in answer.err + answer.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*HUB88, "--only", "77"), "there is no law '77'"),
        ((*HUB88, "--stake", "3"), "--stake: 3.00 EUR is over the limit of 1.00 EUR; give --stake-limit"),
        pytest.param((*HUB88, "--stake", "0.001"), "digits below the minor unit", marks=pytest.mark.slow),
        ((*HUB88, "--player", "somebody"), "--player and --cells exclude each other"),
        pytest.param((*HUB88, "--retry-window", "soon"), "--retry-window: expected a duration", marks=pytest.mark.slow),
        ((*HUB88, "--token-from", "out.nothing"), "there is no 'out.nothing' after games.launch"),
        ((*HUB88, "--pool", "nobody"), "there is no pool of players of cell canary 'nobody'"),
        pytest.param((*HUB88, "--pool", "broke"), "needs 2.00 EUR", marks=pytest.mark.slow),
        ((*HUB88[:-1], "no-such-game"), "was refused: unknown_game"),
        ((*HUB88[:4], "--key", "secret:provider-b-wallet-secret", "--game", "steady-dice"), "not a PEM private key"),
        ((*HUB88[:4], "--key", "secret:nothing", "--game", "steady-dice"), "has no secret 'nothing'"),
        ((*SOFTSWISS[:2], "--url", "/nowhere", *SOFTSWISS[4:]), "none of dialect softswiss (HTTP 404 with text"),
    ],
)
def test_a_mistake_of_the_operator_is_told_in_one_line(cells_file: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, before a single bet."""
    answer = examine(cells_file, *arguments)
    assert answer.code == 2, answer.err
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1


def test_what_is_needed_without_a_cell_is_told_all_at_once() -> None:
    """A provider's key is one thing, a player's session another."""
    answer = call("conformance", "wallet", *HUB88[:4], "--key", "env:HOME")
    assert answer.code == 2
    assert [line.split(" is needed")[0] for line in answer.err.splitlines()] == [
        "error: --currency",
        "error: --game",
        "error: --player",
        "error: --token",
    ]


def test_a_wallet_that_is_not_there_is_exit_code_3(cells_file: Path) -> None:
    """Unreachable is no breach."""
    answer = examine(cells_file, *HUB88[:2], "--url", "http://127.0.0.1:1/wallet", *HUB88[4:])
    assert answer.code == 3
    assert "can't be reached: connect_refused" in answer.err


def psp_url(cells: Path) -> str:
    """Where psp-a is."""
    return f"{yaml.safe_load(cells.read_text())['cells']['canary']['endpoints']['psp-a']}/v1"


def test_a_psp_is_examined_as_a_merchant_that_it_registers(cells_file: Path) -> None:
    """Without a key: the reference PSP makes a merchant, whose webhooks come to us."""
    wanted = (
        "same-key-pays-once",
        "concurrent-key",
        "webhook-is-signed",
        "webhook-is-repeated",
        "late-failure-returns",
    )
    only = [word for name in wanted for word in ("--only", name)]
    answer = call("conformance", "psp", "--url", psp_url(cells_file), "--register", "conformance", *only)
    assert answer.code == 0, answer.out + answer.err
    assert answer.out.splitlines()[-1].startswith("psp intents: 4 held, 1 not testable; ")
    assert "give --card-failing" in answer.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--key is needed"),
        (("--key", "sk_live_1234"), "--key: a secret is a reference"),
        (("--register", "c", "--amount", "100"), "--amount: 100.00 EUR is over the limit of 10.00 EUR"),
        (("--register", "c", "--webhook-listen", "8099"), "is not HOST:PORT"),
        (("--key", "env:HOME"), "the PSP does not know us"),
        (("--key", "env:HOME", "--webhook-url", "https://hooks.example.com/x"), "belong together"),
    ],
)
def test_a_mistake_at_the_psp_is_told_in_one_line(cells_file: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, before a single payment."""
    answer = call("conformance", "psp", "--url", psp_url(cells_file), *arguments)
    assert answer.code == 2, answer.err
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1
