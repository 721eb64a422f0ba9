"""Instants and weekly times as they are written, always in UTC: `2026-12-01T02:00Z`, `2027-06-30`, `mon,thu 04:30`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WEEKLY = r"^(\*|(mon|tue|wed|thu|fri|sat|sun)(,(mon|tue|wed|thu|fri|sat|sun))*) ([01][0-9]|2[0-3]):[0-5][0-9]$"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_ns(text: str) -> int:
    """Nanoseconds since the Unix epoch. Raises ValueError where it is not written as an instant."""
    try:
        if re.fullmatch(INSTANT, text):
            return _since_epoch_ns(datetime.fromisoformat(text))
    except ValueError:
        pass  # such as a 31st of February
    raise ValueError(f"expected an instant in UTC such as 2026-12-01T02:00Z, found '{text}'")


def day_end_ns(text: str) -> int:
    """The end of a UTC day, in nanoseconds since the Unix epoch. Raises ValueError where it is no date."""
    try:
        if re.fullmatch(DATE, text):
            day = date.fromisoformat(text)
            return _since_epoch_ns(datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1))
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"expected a date such as 2027-06-30, found '{text}'")


def weekly(text: str) -> tuple[frozenset[int], int]:
    """The weekdays (0 is Monday) and the minute of the day. Raises ValueError."""
    if not re.fullmatch(WEEKLY, text):
        raise ValueError(f"expected days and a UTC time such as 'sun 02:00' or 'mon,thu 04:30', found '{text}'")
    days, _, time = text.partition(" ")
    hour, minute = time.split(":")
    chosen = WEEKDAYS if days == "*" else days.split(",")
    return frozenset(map(WEEKDAYS.index, chosen)), int(hour) * 60 + int(minute)


def _since_epoch_ns(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000
