"""The state of things: what waits, what is late, what could not be processed."""

from datetime import datetime

from ajo.core import sql
from ajo.core.models import Sandbox
from journeys.engine import tallies

INBOX = "SELECT count(*), min(received_at) FROM profiles_inboxrow WHERE sandbox_id = %s"
OUTBOX = """
    SELECT message_type, count(*), count(*) FILTER (WHERE due_at <= now()), min(created_at)
      FROM channels_app_message WHERE sandbox_id = %s AND state IN ('queued', 'sending') GROUP BY 1
"""
PARKED = "SELECT count(*) FROM profiles_parkedrecord WHERE sandbox_id = %s AND status = 'parked'"


def state_of(sandbox: Sandbox, now: datetime) -> dict:
    """Numbers of one sandbox. `stuck` is zero on a healthy system."""
    count, oldest = sql.rows(INBOX, [sandbox.pk])[0]
    outbox = {
        message_type: {"waiting": waiting, "due": due, "oldest_seconds": age(since, now)}
        for message_type, waiting, due, since in sql.rows(OUTBOX, [sandbox.pk])
    }
    empty = {"waiting": 0, "due": 0, "oldest_seconds": 0}
    return {
        "stuck": tallies.stuck(sandbox.pk),
        "inbox": {"waiting": count, "oldest_seconds": age(oldest, now)},
        "outbox": {name: outbox.get(name, empty) for name in ("transactional", "marketing")},
        "parked": sql.rows(PARKED, [sandbox.pk])[0][0],
    }


def age(since: datetime | None, now: datetime) -> int:
    return max(0, int((now - since).total_seconds())) if since else 0
