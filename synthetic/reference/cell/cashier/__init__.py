"""The cashier of a cell: deposits, withdrawals and refunds through its PSPs."""

from synthetic.reference.cell.cashier.routes import cashier_routes
from synthetic.reference.cell.cashier.switches import CELL_SWITCHES_CASHIER

__all__ = ["CELL_SWITCHES_CASHIER", "cashier_routes"]
