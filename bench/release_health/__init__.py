"""Releases of half an hour, played in events within a second: what Release Health is developed on, tested with and pictured by."""
