"""synthetic-runner -> platform: what the harness needs of the reference platform, derived from its mapping.

The mapping is the declaration; `synthetic.contracts.runner` finds out what its engine reads. See docs/contracts-platform.md.
"""

from __future__ import annotations

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.shipped import shipped_root
from synthetic.contracts.runner.contract import Source, contract_of
from synthetic.contracts.runner.examples import load_examples
from synthetic.contracts.runner.recording import read_recording

_FIXTURES = shipped_root() / "fixtures"

SOURCE = Source(
    load_examples(_FIXTURES / "recorded" / "reference.examples.yaml"),
    read_recording(_FIXTURES / "recorded" / "reference.json"),
    lambda: load_platform(_FIXTURES / "platforms" / "reference.yaml"),
    lambda: load_cells(_FIXTURES / "cells" / "reference.yaml")["canary"],
)
CONTRACT = contract_of(SOURCE)
