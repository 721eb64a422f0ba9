"""Conformance: the laws of wallets and PSPs, tried against any endpoint from outside, as a game provider or a merchant would."""
