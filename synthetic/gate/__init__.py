"""The rollout gate: evidence over pairs of runs -> a decision that explains itself. Pure."""
