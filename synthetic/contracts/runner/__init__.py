"""What the harness needs of a platform, derived from the platform's mapping: see docs/contracts-platform.md."""
