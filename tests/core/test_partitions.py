"""Months of big tables: made ahead, dropped by retention."""

from datetime import UTC, date, datetime

import pytest

from ajo import tasks
from ajo.core import partitions, sql
from ajo.core.partitions import month_after

NAMES = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journeys_stepevent'::regclass"


def months() -> set[str]:
    return {row[0] for row in sql.rows(NAMES)}


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 1)),
        (date(2026, 12, 5), 1, date(2027, 1, 1)),
        (date(2026, 1, 5), -1, date(2025, 12, 1)),
        (date(2026, 11, 22), 14, date(2028, 1, 1)),
    ],
)
def test_month_after(day, months, first):
    assert month_after(day, months) == first


@pytest.mark.django_db
def test_months_are_made_once_and_dropped_when_they_are_over():
    before = months()

    partitions.ensure(datetime(2031, 3, 15, tzinfo=UTC))
    partitions.ensure(datetime(2031, 3, 15, tzinfo=UTC))
    made = months() - before
    assert "journeys_stepevent_2031_02" in made and "journeys_stepevent_2031_06" in made

    dropped = partitions.drop_before("journeys_stepevent", date(2031, 4, 1))
    assert "journeys_stepevent_2031_03" in dropped
    assert "journeys_stepevent_2031_04" not in dropped
    assert "journeys_stepevent_default" in months()


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "is_kept"), [(0, True), (30, False)])
def test_retention_drops_what_is_over_only_where_it_is_set(settings, days, is_kept):
    settings.RETENTION_DAYS = days
    for statement in partitions.statements("journeys_stepevent", date(2020, 1, 1), 1):
        sql.run(statement)

    tasks.tend_partitions()

    assert ("journeys_stepevent_2020_01" in months()) is is_kept


def test_only_known_tables_are_touched():
    with pytest.raises(ValueError, match="not a partitioned table"):
        partitions.drop_before("core_user", date(2031, 1, 1))
