"""`python -m synthetic.reference`: the platform alone, as the demo and the tests start it in a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.reference.up import UpSettings, serve
from synthetic.reference.world import WorldSettings


def _announce(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m synthetic.reference", description=__doc__)
    parser.add_argument("--cells", type=int, default=2, metavar="N")
    parser.add_argument("--players", type=int, default=WorldSettings().players, metavar="N")
    parser.add_argument("--db", metavar="URL")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fault", choices=sorted(FAULTS), action="append", default=[])
    parser.add_argument("--defect", choices=sorted(DEFECTS), action="append", default=[])
    parser.add_argument("--write-cells", type=Path, metavar="FILE")
    parser.add_argument("--exit-with-parent", type=int, nargs="?", const=os.getppid(), metavar="PID")
    return parser


def main() -> int:
    """Parse and serve."""
    given = _parser().parse_args()
    faults = tuple(FAULTS[name] for name in given.fault) + tuple(DEFECTS[name] for name in given.defect)
    world = WorldSettings(cells=given.cells, db_url=given.db, seed=given.seed, faults=faults, players=given.players)
    return serve(UpSettings(world, given.write_cells, exit_with_parent=given.exit_with_parent), _announce)


if __name__ == "__main__":
    sys.exit(main())
