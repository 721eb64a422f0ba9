"""The audit: who did what with money, when and where, in append-only files whose lines are chained by their hashes."""
