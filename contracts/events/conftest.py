"""What the tests of the events share: the compiled schema, and one evening's play on a real cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.contracts.protobuf.decoding import Schema
from synthetic.contracts.protobuf.play import Evidence, play

SCHEMA_FOLDER = Path(__file__).parents[1] / "proto"


@pytest.fixture(scope="session")
def schema_folder() -> Path:
    """Where the schema is."""
    return SCHEMA_FOLDER


@pytest.fixture(scope="session")
def schema() -> Schema:
    """The contract, as a consumer compiles it."""
    return Schema(SCHEMA_FOLDER)


@pytest.fixture(scope="session")
def evening() -> Evidence:
    """What a cell did and told while a player deposited, played and withdrew."""
    return play()
