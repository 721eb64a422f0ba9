"""The switches that the cell's core implements: faults of domain reference 7, and planted defects of the cell's own code."""

from __future__ import annotations

from synthetic.reference.cell.auth import AUTH_SWITCHES
from synthetic.reference.cell.limiter import LIMIT_SWITCHES
from synthetic.reference.cell.office.statements import STATEMENT_SWITCHES
from synthetic.reference.cell.promo import PROMO_SWITCHES
from synthetic.reference.cell.restrictions import RESTRICTION_SWITCHES
from synthetic.reference.cell.wallet_api.switches import CELL_SWITCHES_WALLET
from synthetic.reference.ledger import LEDGER_SWITCHES

CELL_SWITCHES_CORE = (
    CELL_SWITCHES_WALLET
    | AUTH_SWITCHES
    | LIMIT_SWITCHES
    | RESTRICTION_SWITCHES
    | PROMO_SWITCHES
    | STATEMENT_SWITCHES
    | LEDGER_SWITCHES
    | {
        "caches_balance": "GET /wallet/balance serves an older value than the ledger's",
        "rewrites_postings": "a posting that the player has read before carries another reference the next time",
        "miscounts_total": "the total of GET /wallet/balance leaves the bonus and the locked money out, and is one unit off",
    }
)
