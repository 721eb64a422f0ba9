"""The switches that the game gateway implements: faults of domain reference 7."""

from __future__ import annotations

CELL_SWITCHES_GATEWAY = {
    "stops_answering_ws": "a game socket stays open after its welcome, but answers and pushes nothing and forwards no bet",
}
