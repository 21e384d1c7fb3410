"""Counts meter readings per UTC day."""

from datetime import datetime


def utc_day(stamp):
    """The UTC calendar day of an ISO 8601 time stamp with offset."""
    local = datetime.fromisoformat(stamp)
    return local.replace(tzinfo=None).date().isoformat()


def per_day(readings):
    """Sum the values of (stamp, value) pairs by UTC day."""
    totals = {}
    for stamp, value in readings:
        day = utc_day(stamp)
        totals[day] = totals.get(day, 0) + value
    return dict(sorted(totals.items()))
