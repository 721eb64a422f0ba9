"""`python -m synthetic.contracts.report [RESULTS.json ...] [--out DIR]`: page, metrics and JSON of stored results.

Several results make one matrix, with a column for each version of a provider.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from synthetic.contracts.providers import ContractError
from synthetic.contracts.report.document import together
from synthetic.contracts.report.writing import JSON_NAME, PAGE_NAME, closing_line, read_results, write_reports

OUT = Path("reports") / "out"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 where the files are written, 2 where what was given can't be read; what is broken does not matter to it."""
    parser = argparse.ArgumentParser(prog="python -m synthetic.contracts.report", description=__doc__)
    parser.add_argument("results", nargs="*", type=Path, metavar="RESULTS.json", help=f"default: {OUT / JSON_NAME}")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=f"where the files go (default: {OUT})")
    given = parser.parse_args(arguments)
    try:
        results = together([read_results(path) for path in given.results or [OUT / JSON_NAME]])
        write_reports(results, given.out, root=Path.cwd())
    except ContractError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{closing_line(results)}: {given.out / PAGE_NAME}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
