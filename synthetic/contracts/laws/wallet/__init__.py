"""The laws of a seamless wallet, for both dialects: a provider's calls from bet to end, and all that must not go through."""

from synthetic.contracts.laws.wallet.model import Knobs
from synthetic.contracts.laws.wallet.target import WalletTarget

__all__ = ["Knobs", "WalletTarget"]
