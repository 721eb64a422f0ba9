"""Laws about rounds: bets end, rollbacks give back once, closed rounds stay closed (invariants 17 to 27)."""
