"""`python -m bench.blame`: does the harness blame whom it should? Every fault, everywhere, often; and healthy runs."""
