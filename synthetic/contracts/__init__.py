"""Consumer-driven contracts (Pact) of the PSP, game-provider and gateway boundaries: written, verified, published, reported."""
