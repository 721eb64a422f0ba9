"""`synthetic gate`: a verdict for CI, the gate as a service of its own, and a rollout as one file."""
