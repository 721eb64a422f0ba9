"""How a tick gets played: at once in this process, or through DBOS, which keeps it through crashes and plays it once."""
