"""Counts meter readings per UTC day."""

from datetime import datetime, timezone


def utc_day(stamp):
    """The UTC calendar day of an ISO 8601 time stamp with offset."""
    local = datetime.fromisoformat(stamp)
    if local.tzinfo is None:
        raise ValueError("time stamp without offset: " + stamp)
    return local.astimezone(timezone.utc).date().isoformat()


def per_day(readings):
    """Sum the values of (stamp, value) pairs by UTC day."""
    totals = {}
    for stamp, value in readings:
        day = utc_day(stamp)
        totals[day] = totals.get(day, 0) + value
    return dict(sorted(totals.items()))
