"""The outbox: messages waiting to go. Written in the transaction that decided on them."""

from collections.abc import Iterable
from typing import NamedTuple

from ajo.core import sql, wakeup

COLUMNS = (
    "sandbox_id",
    "profile_id",
    "content_id",
    "message_type",
    "journey_version_id",
    "instance_id",
    "node_id",
    "visit",
    "context",
)


class Draft(NamedTuple):
    """A message to go out. (instance_id, node_id, visit) is its idempotency key."""

    sandbox_id: int
    profile_id: int
    content_id: int
    message_type: str
    journey_version_id: int | None
    instance_id: int | None
    node_id: str
    visit: int
    context: str  # JSON text: what personalization may read besides the profile


def enqueue(drafts: Iterable[Draft]) -> int:
    """Put messages into the outbox and wake their senders once the transaction commits; how many."""
    drafts = list(drafts)
    lines = [
        f"{d.sandbox_id}\t{d.profile_id}\t{d.content_id}\t{d.message_type}\t{sql.copy_field(d.journey_version_id)}\t"
        f"{sql.copy_field(d.instance_id)}\t{d.node_id}\t{d.visit}\t{sql.copy_field(d.context)}\n"
        for d in drafts
    ]
    count = sql.copy_text("channels_app_message", COLUMNS, "".join(lines), len(lines)) if lines else 0
    for message_type in {draft.message_type for draft in drafts}:
        wakeup.announce_on_commit(f"delivery.{message_type}")
    return count


# Only what has failed moves, so a second click changes nothing.
REQUEUE = """
    UPDATE channels_app_message
       SET state = 'queued', due_at = now(), reason = NULL, attempts = 0, claimed_by = NULL
     WHERE sandbox_id = %s AND id = ANY(%s) AND state = 'failed'
 RETURNING message_type
"""


def requeue(sandbox_id: int, ids: Iterable[int]) -> int:
    """Put failed messages back into the outbox; how many."""
    types = [row[0] for row in sql.rows(REQUEUE, [sandbox_id, list(ids)])]
    for message_type in set(types):
        wakeup.announce_on_commit(f"delivery.{message_type}")
    return len(types)
