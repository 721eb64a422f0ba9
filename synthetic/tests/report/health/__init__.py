"""The Release Health document: what it tells of a rollout, and what it never tells."""
