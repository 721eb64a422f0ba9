"""The laws of a cashier's webhooks, tried as a PSP of style `intents`: whatever is told, each payment counts once."""

from synthetic.contracts.laws.cashier.target import CashierTarget

__all__ = ["CashierTarget"]
