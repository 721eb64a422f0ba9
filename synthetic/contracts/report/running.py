"""From the suites to the report: each verification is stored as soon as it is there, by whichever process has it; the first process
puts them together at the end.

    config.pluginmanager.register(Reporting(config, out, known))     # contracts/conftest.py
    verified(verify(pact_of(contract), target))                      # in a test: stores it, tells Allure, fails where it broke
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from synthetic.contracts.messages import AnyContract
from synthetic.contracts.report.allure_steps import tell_allure
from synthetic.contracts.report.document import Pair, Results, pair_of, pair_without_result
from synthetic.contracts.report.impact import read_impacts
from synthetic.contracts.report.masking import mask, masked, own_keys
from synthetic.contracts.report.writing import closing_line, write_atomically, write_reports
from synthetic.contracts.results import Verification

FIXTURE = "verified"
_PARTS = "synthetic_contracts_parts"  # in what xdist hands to a worker
_SELECTED = "selected.json"


class _Selected(BaseModel):
    """A test that verifies a contract."""

    model_config = ConfigDict(frozen=True)

    test: str
    consumer: str
    provider: str
    interactions: tuple[str, ...]


class Reporting:
    """A pytest plugin, in every process of a run. `out`: the folder of the reports. `known`: all contracts that there are.

    Raises ContractError where contracts/impact.yaml is not as it has to be.
    """

    def __init__(self, config: pytest.Config, out: Path, known: Sequence[AnyContract]) -> None:
        self._impacts = read_impacts(config.rootpath)
        self._root = config.rootpath
        self._out = out
        self._known = known
        self._started_at = datetime.now(UTC)
        self._failures: dict[str, str] = {}
        self._results: Results | None = None
        handed: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._is_worker = handed is not None
        self._parts = Path(handed[_PARTS]) if handed is not None else out / f"contracts-{uuid.uuid4().hex}"

    def take(self, verification: Verification) -> None:
        """Store what a verification found, and fail the test where something broke or could not be judged."""
        shown = masked(verification, os.environ)
        pair = pair_of(shown, self._impacts)
        write_atomically(self._parts / f"{_file_name(pair)}.json", pair.model_dump_json())
        tell_allure(pair)
        if not shown.held:
            pytest.fail(shown.told(), pytrace=False)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist where the parts go."""
        node.workerinput[_PARTS] = str(self._parts)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which contracts are going to be verified: what has no result in the end is said to have none."""
        selected = [_selected(item) for item in session.items if FIXTURE in getattr(item, "fixturenames", ())]
        if selected and not session.config.option.collectonly:
            text = json.dumps([one.model_dump() for one in selected if one is not None])
            write_atomically(self._parts / _SELECTED, text)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep why a test failed, for a contract that has no result."""
        if not report.passed and not self._is_worker:
            self._failures.setdefault(report.nodeid, _why(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int | pytest.ExitCode) -> None:
        """Put the parts together and write the reports; nothing where no contract was to be verified."""
        if self._is_worker:
            return
        if (self._parts / _SELECTED).exists():
            self._results = self._together(interrupted=exitstatus in (2, 3))
            write_reports(self._results, self._out, root=self._root)
        shutil.rmtree(self._parts, ignore_errors=True)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the page is."""
        if self._results is not None:
            terminalreporter.write_line(f"{closing_line(self._results)}: {self._out / 'contracts.html'}")

    def _together(self, *, interrupted: bool) -> Results:
        selected = [_Selected.model_validate(one) for one in json.loads((self._parts / _SELECTED).read_text("utf-8"))]
        files = sorted(path for path in self._parts.glob("*.json") if path.name != _SELECTED)
        pairs = [Pair.model_validate_json(path.read_text("utf-8")) for path in files]
        have = {(pair.consumer, pair.provider) for pair in pairs}
        missing = [one for one in selected if (one.consumer, one.provider) not in have]
        pairs += [self._without_result(one, interrupted=interrupted) for one in missing]
        asked = {(one.consumer, one.provider) for one in selected}
        return Results(
            started_at=self._started_at,
            finished_at=datetime.now(UTC),
            incomplete=_incomplete(missing, interrupted=interrupted),
            not_asked=tuple(
                sorted(
                    f"{one.consumer} -> {one.provider}"
                    for one in self._known
                    if (one.consumer, one.provider) not in asked
                )
            ),
            pairs=tuple(sorted(pairs, key=lambda pair: (pair.consumer, pair.provider))),
        )

    def _without_result(self, one: _Selected, *, interrupted: bool) -> Pair:
        unknown = "the run was interrupted before" if interrupted else "its test was not run, or not to its end"
        reason = self._failures.get(one.test, unknown)
        return pair_without_result(one.consumer, one.provider, one.interactions, reason, self._impacts)


def _why(report: pytest.TestReport) -> str:
    """The error's own words, or the last line of what the test told."""
    crash = getattr(report.longrepr, "reprcrash", None)
    told = str(crash.message) if crash is not None else report.longreprtext
    lines = [line for line in told.splitlines() if line.strip()] or ["the test told nothing"]
    return mask(lines[0] if crash is not None else lines[-1], own_keys(os.environ))


def _incomplete(missing: Sequence[_Selected], *, interrupted: bool) -> tuple[str, ...]:
    reasons = ["the run was interrupted"] if interrupted else []
    if missing:
        reasons.append("no result of " + ", ".join(f"{one.consumer} -> {one.provider}" for one in missing))
    return tuple(reasons)


def _selected(item: pytest.Item) -> _Selected | None:
    """None for a test that uses the fixture without being one of a contract."""
    contract = item.callspec.params.get("contract") if hasattr(item, "callspec") else None
    if not isinstance(contract, AnyContract):
        return None
    interactions = tuple(one.description for one in contract.interactions)
    return _Selected(
        test=item.nodeid, consumer=contract.consumer, provider=contract.provider, interactions=interactions
    )


def _file_name(pair: Pair) -> str:
    return f"{pair.consumer}--{pair.provider}"
