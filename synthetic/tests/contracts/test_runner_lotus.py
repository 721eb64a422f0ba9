"""The harness's contract with any platform: Lotus, which shares nothing with the reference one, is recorded and verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.contracts.interactions import Contract, Interaction
from synthetic.contracts.pacts import PactFile, exercise, pact_of
from synthetic.contracts.results import InteractionResult
from synthetic.contracts.runner.__main__ import main
from synthetic.contracts.runner.asking import target_of
from synthetic.contracts.runner.contract import Source, contract_of
from synthetic.contracts.runner.examples import load_examples, without_example
from synthetic.contracts.runner.playing import Stage, record
from synthetic.contracts.runner.recording import read_recording
from synthetic.contracts.verifying import verify
from synthetic.core.plan import CellPlan
from synthetic.tests.second_platform.lotus import COOKIE, CSRF, OFFICE, PLAYER, TICKET, Lotus
from synthetic.tests.second_platform.test_lotus import EXAMPLE, open_for_business

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

PURSE = "purse.read, when a visitor is inside"
ENTER = "player.enter (1 of 3)"


@dataclass
class ChangingLotus(Lotus):
    """Its purse has a field that no mapping reads, and loses the one that is `dropped`, or has its units as text."""

    dropped: str = ""
    as_text: bool = False
    renames_csrf: bool = False

    async def purse(self, request: Request) -> Response:
        answer = await super().purse(request)
        body = json.loads(bytes(answer.body)) | {"note": "welcome back"}
        if self.as_text and "units" in body:
            body["units"] = str(body["units"])
        body.pop(self.dropped, None)
        return JSONResponse(body, answer.status_code)

    async def door(self, request: Request) -> Response:
        answer = await super().door(request)
        if self.renames_csrf:
            answer.body = bytes(answer.body).replace(b'name="csrf"', b'name="xsrf"')
        return answer


@dataclass(frozen=True)
class Bench:
    """A running Lotus, its recording, and the contract that was made of them."""

    lotus: ChangingLotus
    cell: CellPlan
    source: Source
    contract: Contract
    pact: PactFile
    folder: Path

    def result(self, description: str) -> InteractionResult:
        """The verification of one interaction, as Lotus is now."""
        only = self.pact.only(one for one in self.pact.interactions if one["description"] == description)
        (result,) = verify(only, target_of(self.source, self.cell)).results
        return result

    def given(self, *more: str) -> list[str]:
        """The arguments of the command."""
        files = {
            "platform": EXAMPLE / "platform.yaml",
            "examples": EXAMPLE / "contract.yaml",
            "cells": self.folder / "cells.yaml",
            "recording": self.folder / "recorded.json",
        }
        words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
        return [*words, "--cell", "lotus-canary", *more]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("lotus")
    lotus = ChangingLotus(units=1_000_000_000)
    with pytest.MonkeyPatch.context() as environment, open_for_business(lotus) as authority:
        environment.setenv("LOTUS_OFFICE_PASSWORD", OFFICE[1])
        environment.setenv("LOTUS_PLAYER_PASSWORD", PLAYER[1])
        text = (EXAMPLE / "cells.yaml").read_text(encoding="utf-8").replace("127.0.0.1:8301", authority)
        (folder / "cells.yaml").write_text(text, encoding="utf-8")
        cell = load_cells(folder / "cells.yaml")["lotus-canary"]
        platform, examples = load_platform(EXAMPLE / "platform.yaml"), load_examples(EXAMPLE / "contract.yaml")
        record(Stage(cell, examples, platform), cell).write(folder / "recorded.json")
        source = Source(examples, read_recording(folder / "recorded.json"), lambda: platform, lambda: cell)
        contract = contract_of(source)
        yield Bench(lotus, cell, source, contract, pact_of(contract), folder)


@pytest.fixture(autouse=True)
def _as_it_was(bench: Bench) -> Iterator[None]:
    yield
    bench.lotus.dropped, bench.lotus.as_text, bench.lotus.renames_csrf = "", False, False


def described(bench: Bench, description: str) -> Interaction:
    return next(one for one in bench.contract.interactions if one.description == description)


def test_every_operation_that_speaks_http_is_in_the_contract(bench: Bench) -> None:
    """Each request of a log-in with a page, a form and a redirect is an interaction of its own."""
    assert without_example(bench.source.examples, bench.source.platform) == []
    entered = [one.description for one in bench.contract.interactions if one.description.startswith("player.enter")]
    assert entered == ["player.enter (1 of 3)", "player.enter (2 of 3)", "player.enter (3 of 3)"]


def test_the_engine_can_live_with_what_the_contract_says(bench: Bench) -> None:
    """Forms, cookies, a page and basic auth against a mock that answers with the read fields only."""
    for one in bench.contract.interactions:
        exercise(bench.contract, one)


def test_only_what_the_mapping_reads_is_in_the_contract(bench: Bench) -> None:
    """The purse's note is nobody's business, its currency is exact, and its units are whole ones."""
    purse = next(one for one in bench.pact.interactions if one["description"] == PURSE)
    assert purse["response"]["body"]["content"].keys() == {"units", "ccy"}
    rules = purse["response"]["matchingRules"]["body"]
    assert {path: rule["matchers"] for path, rule in rules.items()} == {"$.units": [{"match": "integer"}]}
    page = next(one for one in bench.pact.interactions if one["description"] == ENTER)
    assert "csrf" in page["response"]["matchingRules"]["body"]["$"]["matchers"][0]["regex"]


def test_a_platform_keeps_its_contract(bench: Bench) -> None:
    """Every state is reached by playing, and every request is the engine's own."""
    verification = verify(bench.pact, target_of(bench.source, bench.cell))
    assert verification.held, verification.told()
    assert len(verification.results) == len(bench.contract.interactions)


@pytest.mark.parametrize(("dropped", "paths"), [("ccy", ["$.ccy"]), ("units", ["$.units"]), ("note", [])])
def test_a_field_that_is_gone_breaks_it_where_the_mapping_reads_it(
    bench: Bench, dropped: str, paths: list[str]
) -> None:
    """With its path; one that nobody reads may go."""
    bench.lotus.dropped = dropped
    assert [mismatch.path for mismatch in bench.result(PURSE).mismatches] == paths


def test_a_type_that_changes_breaks_it(bench: Bench) -> None:
    """An amount as text is no amount."""
    bench.lotus.as_text = True
    assert [mismatch.path for mismatch in bench.result(PURSE).mismatches] == ["$.units"]


def test_a_page_that_lacks_what_is_taken_from_it_breaks_it(bench: Bench) -> None:
    """The mapping cuts a token out of it."""
    assert bench.result(ENTER).held
    bench.lotus.renames_csrf = True
    assert not bench.result(ENTER).held


def test_no_secret_gets_into_recording_or_pact(bench: Bench) -> None:
    """Passwords, tokens and cookies are placeholders there."""
    told = (bench.folder / "recorded.json").read_text(encoding="utf-8") + bench.pact.text()
    assert [secret for secret in (OFFICE[1], PLAYER[1], COOKIE, CSRF, TICKET) if secret in told] == []


@pytest.mark.slow
def test_a_platforms_team_needs_one_command(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """It writes the pact, verifies the cell, and says what broke."""
    pacts = bench.folder / "pacts"
    assert main(bench.given("-o", str(pacts), "--verify")) == 0
    assert "lotus-canary keeps all 11 interactions" in capsys.readouterr().out
    assert (pacts / "synthetic-runner-platform.json").read_text(encoding="utf-8") == bench.pact.text() + "\n"
    bench.lotus.dropped = "ccy"
    assert main(bench.given("--verify")) == 1
    assert "$.ccy is missing" in capsys.readouterr().out


def test_what_can_not_be_done_is_told(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """A cell that there is not."""
    assert main([*bench.given(), "--cell", "nowhere"]) == 2
    assert "no cell 'nowhere'" in capsys.readouterr().err
