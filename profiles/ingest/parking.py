"""Parked records: what could not be processed goes back into the inbox, mended or not, or is given up."""

from collections.abc import Sequence
from datetime import datetime

import orjson
from django.db import transaction

from ajo.core import audit, clock, sql, wakeup
from ajo.core.errors import BadInput
from ajo.core.models import Sandbox
from profiles.errors import InvalidMessage
from profiles.ingest.envelope import parse, shard_of
from profiles.models import InboxRow, ParkedRecord

Status = ParkedRecord.Status

# Only what is still parked moves: two administrators at the same moment replay a record once.
SETTLE = """
    UPDATE profiles_parkedrecord SET status = %(status)s, settled_at = %(now)s, settled_by = %(actor)s,
           message = coalesce(%(message)s, message)
     WHERE id = ANY(%(ids)s) AND status = 'parked'
       AND (%(sandbox)s::bigint IS NULL OR sandbox_id = %(sandbox)s)
 RETURNING id
"""


@transaction.atomic
def replay(
    ids: Sequence[int], *, actor: str, message: dict | None = None, sandbox: Sandbox | None = None
) -> int:
    """Put parked records back into the inbox, each exactly once; how many. What fails again is parked again.

    `message` replaces the text of a single record: it is checked now, so that who mends it learns at once.
    """
    now = clock.now()
    records = ParkedRecord.objects.filter(pk__in=ids, status=Status.PARKED).order_by("pk")
    text = None
    if message is not None:
        record = records.first() if len(ids) == 1 else None
        if record is None:
            raise BadInput("A mended message belongs to one record that is still parked.")
        parse(message, record.sandbox_id, now, internal=record.inlet_id is None)
        text = orjson.dumps(message).decode()
    settled = _settle(ids, Status.REPLAYED, actor, now, text=text, sandbox=sandbox)
    InboxRow.objects.bulk_create(
        InboxRow(
            sandbox_id=record.sandbox_id,
            inlet_id=record.inlet_id,
            shard=_shard(record, now),
            message=record.message,
            received_at=record.received_at,
        )
        for record in settled
    )
    if settled:
        wakeup.announce_on_commit("ingest")
    return len(settled)


@transaction.atomic
def discard(ids: Sequence[int], *, actor: str, sandbox: Sandbox | None = None) -> int:
    """Give parked records up; how many. They stay readable."""
    return len(_settle(ids, Status.DISCARDED, actor, clock.now(), sandbox=sandbox))


def _settle(
    ids: Sequence[int],
    status: str,
    actor: str,
    now: datetime,
    *,
    text: str | None = None,
    sandbox: Sandbox | None = None,
) -> list[ParkedRecord]:
    params = {
        "ids": list(ids),
        "status": status,
        "now": now,
        "actor": actor[:160],
        "message": text,
        "sandbox": sandbox.pk if sandbox else None,
    }
    done = [row[0] for row in sql.rows(SETTLE, params)]
    settled = list(ParkedRecord.objects.filter(pk__in=done).order_by("pk"))
    for record in settled:
        audit.record(f"parked_record.{status}", record, actor=actor, sandbox=record.sandbox_id)
    return settled


def _shard(record: ParkedRecord, now: datetime) -> int:
    """The shard of the person; any will do for a message that still cannot be read."""
    try:
        message = orjson.loads(record.message)
        return shard_of(parse(message, record.sandbox_id, now, internal=record.inlet_id is None))
    except (orjson.JSONDecodeError, InvalidMessage):
        return 0
