"""The pytest plugin: every `scenarios/**/*.yaml` is collected as tests, one per row of its matrix.

    pytest scenarios --synthetic-cells cells.yaml [--synthetic-cell canary] [--synthetic-seed 4711] [--alluredir DIR]

A project may give the cells file by a fixture instead: override `synthetic_cells_file` (session scope) in its conftest.py.

pytest loads this wherever the distribution is installed, so it imports the engine only where a scenario is really collected.
"""

from synthetic.pytest_plugin.hooks import pytest_collect_file, synthetic_cells_file, synthetic_session
from synthetic.pytest_plugin.options import pytest_addoption, pytest_configure, pytest_report_header

__all__ = [
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_report_header",
    "synthetic_cells_file",
    "synthetic_session",
]
