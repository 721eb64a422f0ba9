"""Drivers perform the effects that a scenario yields: over asyncio, blocking, in memory under virtual time, or from a recording."""
