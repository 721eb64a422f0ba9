"""The HTTP face of the rollout gate: verdicts for controllers, hooks from them, rollouts, signals, and its own description."""
