"""Synthetic: says whether a release of a real-money gaming platform is safe."""
