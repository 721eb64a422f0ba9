"""`python -m synthetic.contracts.runner`: a platform's team records, writes and verifies what the harness needs of the platform."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.contracts.errors import ContractError
from synthetic.contracts.pacts import exercise, pact_of, rewrite
from synthetic.contracts.runner.asking import target_of
from synthetic.contracts.runner.contract import Source, contract_of
from synthetic.contracts.runner.examples import load_examples, without_example
from synthetic.contracts.runner.playing import Stage, record
from synthetic.contracts.runner.recording import read_recording
from synthetic.contracts.verifying import verify
from synthetic.core.errors import SyntheticError
from synthetic.core.plan import CellPlan


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked. Exit code 1: the platform breaks its contract; 2: it could not be done."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (ContractError, SyntheticError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's answer
        return 2


def _run(given: argparse.Namespace) -> int:
    platform, examples, cell = load_platform(given.platform), load_examples(given.examples), _cell(given)
    _tell(
        *(f"{name} has no example, so the contract says nothing of it" for name in without_example(examples, platform))
    )
    if given.record:
        record(Stage(cell, examples, platform), cell).write(given.recording)
        _tell(f"{given.recording}: {len(examples.examples)} examples recorded on {cell.name}")
    source = Source(examples, read_recording(given.recording), lambda: platform, lambda: cell)
    contract = contract_of(source, given.provider)
    if given.out is not None:
        for one in contract.interactions:
            exercise(contract, one)
        changed = rewrite(pact_of(contract), given.out)
        _tell(
            f"{given.out / contract.name}.json: {len(contract.interactions)} interactions{'' if changed else ', as before'}"
        )
    if not given.verify:
        return 0
    verification = verify(pact_of(contract), target_of(source, cell, cell.version))
    _tell(verification.told() or f"{cell.name} keeps all {len(verification.results)} interactions")
    return 0 if verification.held else 1


def _cell(given: argparse.Namespace) -> CellPlan:
    cells = load_cells(given.cells)
    if given.cell not in cells:
        raise ContractError(f"{given.cells} has no cell {given.cell!r}; it has {', '.join(sorted(cells))}")
    return cells[given.cell]


def _tell(*lines: str) -> None:
    for line in lines:
        print(line)  # noqa: T201 - a command's answer


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m synthetic.contracts.runner", description=__doc__)
    parser.add_argument("--platform", type=Path, required=True, help="the platform mapping")
    parser.add_argument("--examples", type=Path, required=True, help="how each of its operations is called")
    parser.add_argument("--cells", type=Path, required=True, help="the cells file")
    parser.add_argument("--cell", required=True, help="the cell in it: its addresses, its players")
    parser.add_argument("--recording", type=Path, required=True, help="what the platform has answered")
    parser.add_argument("--record", action="store_true", help="play the examples on the cell, and write the recording")
    parser.add_argument("-o", dest="out", type=Path, metavar="DIR", help="write the pact there")
    parser.add_argument("--verify", action="store_true", help="verify the cell")
    parser.add_argument("--provider", default="platform", help="the platform's name in the pact (default: platform)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
