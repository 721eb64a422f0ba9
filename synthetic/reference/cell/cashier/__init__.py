"""The cashier of a cell: deposits, withdrawals and refunds through its PSPs."""
