"""Counts per node: batches append, reads sum, and now and then the additions of an hour become one row."""

from typing import NamedTuple

from django.db import transaction

from ajo.core import sql

LOCK_SPACE = 7_002

COMPACT = """
    WITH taken AS (
        DELETE FROM journeys_nodetally WHERE id IN (
            SELECT id FROM journeys_nodetally ORDER BY id LIMIT 50000 FOR UPDATE SKIP LOCKED
        )
        RETURNING version_id, node_id, outlet, hour, entered, exited, errors
    )
    INSERT INTO journeys_nodetally (version_id, node_id, outlet, hour, entered, exited, errors)
    SELECT version_id, node_id, outlet, hour, sum(entered), sum(exited), sum(errors)
      FROM taken GROUP BY 1, 2, 3, 4
"""
ROWS = "SELECT count(*) FROM (SELECT 1 FROM journeys_nodetally LIMIT 1001) t"
SUMS = """
    SELECT node_id, outlet, sum(entered)::bigint, sum(exited)::bigint, sum(errors)::bigint
      FROM journeys_nodetally WHERE version_id = %s GROUP BY 1, 2
"""


class Count(NamedTuple):
    """The numbers of a node (outlet empty) or of one of its ways out."""

    entered: int
    exited: int
    errors: int

    @property
    def waiting(self) -> int:
        return self.entered - self.exited - self.errors


def compact() -> int:
    """Turn many additions into few rows; the number of rows after it. One at a time."""
    with transaction.atomic():
        if not sql.try_lock(LOCK_SPACE, 1) or sql.rows(ROWS)[0][0] <= 1000:
            return 0
        return sql.run(COMPACT)


def counts(version_id: int) -> dict[tuple[str, str], Count]:
    """(node id, outlet or "") -> Count, exact at the moment of reading."""
    return {(node_id, outlet): Count(*numbers) for node_id, outlet, *numbers in sql.rows(SUMS, [version_id])}


# Every instance is at all times ended, failed, or waiting for something that will come. Others are stuck.
STUCK = """
    SELECT count(*) FROM journeys_journeyinstance i
     WHERE i.state = 'waiting' AND i.due_at < now() - make_interval(secs => %s) AND i.version_id IN
           (SELECT v.id FROM journeys_journeyversion v JOIN journeys_journey j ON j.id = v.journey_id
             WHERE %s::bigint IS NULL OR j.sandbox_id = %s)
"""


def stuck(sandbox_id: int | None = None, late_by_seconds: float = 60.0) -> int:
    """Instances that should have gone on and did not. Zero on a healthy system."""
    return sql.rows(STUCK, [late_by_seconds, sandbox_id, sandbox_id])[0][0]
