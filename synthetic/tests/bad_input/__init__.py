"""Bad input: what a target can send instead of an answer, each played as a whole run with bounds on time and memory."""
