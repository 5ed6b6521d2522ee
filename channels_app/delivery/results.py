"""What became of messages: put on disk before anybody goes on."""

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep

from django.db import InterfaceError, OperationalError, connection, transaction

from ajo.core import clock, sql
from ajo.core.errors import SendError
from channels_app.deliverability import suppression

log = logging.getLogger(__name__)

STORE_WITHIN = 30.0  # seconds that answers wait for a database that is away
RETRY_AFTER = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360)]
RETRY_PERIOD = timedelta(hours=84)

# Write results. Only the claim's owner may: who lost the lease changes nothing.
SETTLE = """
    UPDATE channels_app_message m
       SET state = v.state, reason = v.reason, address = coalesce(v.address, m.address), sent_at = v.sent_at,
           due_at = coalesce(v.due_at, m.due_at), claimed_by = NULL
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
                  %s::timestamptz[]) AS v(id, created_at, state, reason, address, sent_at, due_at)
     WHERE m.id = v.id AND m.created_at = v.created_at AND m.state = 'sending' AND m.claimed_by = %s
 RETURNING m.id
"""
EVENT_COLUMNS = (
    "at",
    "sandbox_id",
    "message_id",
    "profile_id",
    "journey_version_id",
    "node_id",
    "kind",
    "reason",
)


@dataclass(slots=True)
class Claimed:
    """A message of this process, until it is settled."""

    id: int
    created_at: datetime
    sandbox_id: int
    profile_id: int
    content_id: int
    journey_version_id: int | None
    node_id: str
    context: str
    attempts: int
    address: str | None = None


@dataclass(slots=True)
class Result:
    """What became of a message. `due_at` is set when it stays in the outbox."""

    message: Claimed
    state: str
    kind: str
    reason: str | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    done: threading.Event | None = None  # the connection that waits for this to be on disk


def later(message: Claimed, error: SendError, now: datetime) -> Result:
    """Another try later, with growing delay, as long as the retry period lasts; else it has failed."""
    if not error.retry:
        return Result(message, "failed", "failed", str(error))
    if now - message.created_at > RETRY_PERIOD:
        return Result(message, "failed", "failed", f"retry period over: {error}")
    if error.code in ("lost", "connect", "dns"):  # nobody refused anything: soon again, then slower
        delay = timedelta(seconds=min(2 ** min(message.attempts, 10), 600))
    else:
        delay = RETRY_AFTER[min(message.attempts, len(RETRY_AFTER)) - 1]
    return Result(message, "queued", "delayed", str(error), due_at=now + delay)


def settle(results: Sequence[Result], owner: str) -> None:
    """Put results on disk, then let their connections go on. A database that is away is waited for: what the
    provider answered must not be forgotten, or the mail would go out twice."""
    if not results:
        return None
    gives_up_at = monotonic() + STORE_WITHIN
    try:
        while True:
            try:
                return _settle(results, owner)
            except (OperationalError, InterfaceError):
                if monotonic() > gives_up_at:
                    raise
                log.warning("results of %s messages not stored yet, trying again", len(results))
                connection.close()
                sleep(0.3)
    finally:
        for result in results:
            if result.done is not None:
                result.done.set()


@transaction.atomic
def _settle(results: Sequence[Result], owner: str) -> None:
    columns = [
        [r.message.id for r in results],
        [r.message.created_at for r in results],
        [r.state for r in results],
        [r.reason for r in results],
        [r.message.address for r in results],
        [r.sent_at for r in results],
        [r.due_at for r in results],
    ]
    ours = {row[0] for row in sql.rows(SETTLE, [*columns, owner])}
    written = [r for r in results if r.message.id in ours]
    sql.copy_rows("channels_app_messageevent", EVENT_COLUMNS, events_of(written))
    for result in written:
        if result.state == "bounced":
            message = result.message
            suppression.add(
                message.sandbox_id, message.address, reason="hard bounce", detail=result.reason or ""
            )


def events_of(results: Iterable[Result]) -> Iterable[tuple]:
    at = clock.now()
    for r in results:
        m = r.message
        yield (at, m.sandbox_id, m.id, m.profile_id, m.journey_version_id, m.node_id, r.kind, r.reason)
