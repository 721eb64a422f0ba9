"""Laws about the game socket: its frames, its bets (invariants 46 to 48)."""
