"""Laws about deposits and withdrawals, held against what the PSP says (invariants 28 to 37)."""
