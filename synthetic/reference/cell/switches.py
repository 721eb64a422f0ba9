"""The switches that the cell's core implements: faults of domain reference 7, and planted defects of the cell's own code."""

from __future__ import annotations

from synthetic.reference.cell.wallet_api.switches import CELL_SWITCHES_WALLET

CELL_SWITCHES_CORE = CELL_SWITCHES_WALLET | {
    "caches_balance": "GET /wallet/balance serves an older value than the ledger's",
}
