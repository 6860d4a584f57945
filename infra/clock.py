"""The only place that reads the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

# Vietnam keeps UTC+7 all year; tills print this time.
TILL_ZONE = timezone(timedelta(hours=7))


_pretended: list[datetime] = []


def now() -> datetime:
    """Return the time, aware, in UTC."""
    return _pretended[0] if _pretended else datetime.now(UTC)


def pretend(at: datetime | None) -> None:
    """Make this process's clock stand at a time, for simulations; None lets it run again."""
    _pretended[:] = [] if at is None else [at]


def till_now() -> datetime:
    """Return the time a till in Vietnam would print, naive."""
    return now().astimezone(TILL_ZONE).replace(tzinfo=None)


def till_today() -> date:
    """Return the day a till in Vietnam would print."""
    return till_now().date()


def day_of(at: datetime) -> date:
    """Return the day in Vietnam on which an aware time falls."""
    return at.astimezone(TILL_ZONE).date()


def day_begins(day: date) -> datetime:
    """Return the time at which a day in Vietnam begins, aware."""
    return datetime(day.year, day.month, day.day, tzinfo=TILL_ZONE)
