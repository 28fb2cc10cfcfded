"""Time, in one form: aware UTC datetimes inside, ISO 8601 with milliseconds and `Z` in tables and files."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2026-11-23T15:43:54.123Z`: sorts as text the way it sorts as time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(stamped: str) -> datetime:
    """The datetime of a `stamp`."""
    return datetime.fromisoformat(stamped)
