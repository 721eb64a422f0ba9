"""The laws of a PSP of style `intents`, tried as a merchant: its API and its webhooks."""

from synthetic.contracts.laws.psp_intents.target import IntentsTarget

__all__ = ["IntentsTarget"]
