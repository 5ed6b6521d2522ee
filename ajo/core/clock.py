"""Time. What decides takes `now` as an argument; only the doors (views, tasks, commands) read the clock."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
