"""The reference platform: a small real gaming platform to run against, which shares no accounting code with the judge."""
