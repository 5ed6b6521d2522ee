"""Big append-only tables are partitioned by month; these are made ahead and dropped by retention.

Every partitioned table has a default partition, so a row is never refused for want of a partition.
"""

from datetime import date, datetime

from django.db import connection

TABLES: dict[str, str] = {
    "profiles_experienceevent": "timestamp",
    "journeys_stepevent": "at",
    "channels_app_message": "created_at",
    "channels_app_messageevent": "at",
}


def month_after(day: date, months: int = 1) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def statements(table: str, first: date, months: int) -> list[str]:
    """The CREATE statements of `months` monthly partitions from the month of `first`."""
    start = first.replace(day=1)
    made = []
    for offset in range(months):
        begin, end = month_after(start, offset), month_after(start, offset + 1)
        made.append(
            f"CREATE TABLE IF NOT EXISTS {table}_{begin:%Y_%m} PARTITION OF {table} "
            f"FOR VALUES FROM ('{begin}') TO ('{end}')"
        )
    return made


def ensure(now: datetime, months_ahead: int = 3) -> None:
    """Make the partitions from last month on; runs daily, any number of times."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for statement in statements(table, month_after(now.date(), -1), months_ahead + 2):
                cursor.execute(statement)


def drop_before(table: str, day: date) -> list[str]:
    """Retention: drop the monthly partitions that end at or before `day`; their names."""
    if table not in TABLES:
        raise ValueError(f"{table} is not a partitioned table.")
    dropped = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table]
        )
        for (name,) in cursor.fetchall():
            year, _, month = name.removeprefix(f"{table}_").partition("_")
            if year.isdigit() and month.isdigit() and month_after(date(int(year), int(month), 1)) <= day:
                cursor.execute(f"DROP TABLE {name}")
                dropped.append(name)
    return sorted(dropped)
