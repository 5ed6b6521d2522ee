"""The whole way of an inbound batch, storey by storey, in one transaction.

    claim inbox rows -> profiles.ingest -> channels_app.feedback -> audiences -> journeys.triggers -> rows deleted

Killed half-way, nothing happened and the rows are claimed again. A row that makes its batch fail is found by halving
the batch, and parked with its error. One person, one order: a shard of the inbox is worked by one task at a time.
"""

import logging
import random
import traceback
from collections.abc import Sequence
from datetime import datetime

from django.db import OperationalError, connection, transaction

from ajo.core import clock, sql
from audiences.evaluation import memberships, streaming
from channels_app.delivery import ownership
from channels_app.feedback import interactions
from journeys.engine import triggers
from profiles.identities import Conflict
from profiles.ingest.envelope import SHARDS
from profiles.ingest.process import Row, process
from profiles.models import ParkedRecord

log = logging.getLogger(__name__)

BATCH = 1_000
LOCK_SPACE = 7_001
SHARDS_PER_TASK = SHARDS // 2  # leave some for the next worker
TRIES = 5  # for batches that lost against another transaction

# The oldest rows of the shards that have some and that nobody works on now. The locks last until commit.
CLAIM = """
    WITH free AS MATERIALIZED (
        SELECT s FROM unnest(%(shards)s::int[]) AS s
         WHERE CASE WHEN EXISTS (SELECT 1 FROM profiles_inboxrow i WHERE i.shard = s)
                    THEN pg_try_advisory_xact_lock(%(space)s, s) ELSE false END
         LIMIT %(most)s
    )
    SELECT r.id, r.sandbox_id, r.inlet_id, r.message, r.received_at
      FROM free CROSS JOIN LATERAL (
           SELECT * FROM profiles_inboxrow i WHERE i.shard = free.s ORDER BY i.id LIMIT %(each)s
      ) r
     ORDER BY r.id
"""


def process_once(now: datetime | None = None) -> int:
    """Claim one batch and carry it up the house; the number of rows dealt with.

    1. Claim rows and work them in one transaction.
    2. Lost against another transaction (a deadlock, an identity linked meanwhile): the same again.
    3. Failed for another reason: find the rows that cause it by halving, park those, keep the rest.
    """
    for attempt in range(TRIES):
        try:
            return _claim_and_work(now or clock.now())
        except (Conflict, OperationalError) as error:
            log.info("batch taken again, try %s: %s", attempt + 1, error)
            if isinstance(error, OperationalError) and not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
    raise Conflict(f"The batch lost {TRIES} times against other transactions.")


@transaction.atomic
def _claim_and_work(now: datetime) -> int:
    shards = random.sample(range(SHARDS), SHARDS)
    claimed = sql.rows(
        CLAIM,
        {"shards": shards, "space": LOCK_SPACE, "most": SHARDS_PER_TASK, "each": BATCH // SHARDS_PER_TASK},
    )
    rows = [Row(*row) for row in claimed]
    if rows:
        work_or_halve(rows, now)
        sql.run("DELETE FROM profiles_inboxrow WHERE id = ANY(%s)", [[row.id for row in rows]])
    return len(rows)


def work_or_halve(rows: Sequence[Row], now: datetime) -> None:
    """Work a batch; when it fails, its halves; a single row that fails is parked."""
    try:
        with transaction.atomic():
            work(rows, now)
    except (Conflict, OperationalError):
        raise
    except Exception as error:  # whatever one row brought: the rest of the batch must not suffer
        if len(rows) > 1:
            middle = len(rows) // 2
            work_or_halve(rows[:middle], now)
            work_or_halve(rows[middle:], now)
            return
        log.exception("inbox row %s parked", rows[0].id)
        park(rows[0], f"{type(error).__module__}.{type(error).__name__}", traceback.format_exc(limit=-8))


def work(rows: Sequence[Row], now: datetime) -> None:
    """One batch, storey by storey."""
    facts = process(rows, now)
    for row, code, reason in facts.refused:
        park(row, code, reason)
    if facts.merges:
        memberships.follow(facts.merges)
        triggers.follow(facts.merges)
        ownership.follow(facts.merges)
    interactions.record(facts.events)
    changes = streaming.judge(facts.changed_profiles, now)
    triggers.handle(facts.events, changes, now)


def park(row: Row, code: str, reason: str) -> None:
    """Keep what could not be processed, with its reason, for an admin to mend and replay."""
    ParkedRecord.objects.create(
        sandbox_id=row.sandbox_id,
        inlet_id=row.inlet_id,
        message=row.message,
        code=code[:64],
        reason=reason[:10_000],
        received_at=row.received_at,
    )
