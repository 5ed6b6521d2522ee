"""Coming into a journey: who may, who may not and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from psycopg2.extras import execute_values

from ajo.core import sql

# The last entrance of each key into each journey, and whether it is still inside.
LAST_ENTRANCES = """
    SELECT w.journey_id, w.key, l.entered_at, a.id IS NOT NULL
      FROM unnest(%s::bigint[], %s::text[]) AS w(journey_id, key)
      LEFT JOIN LATERAL (
          SELECT entered_at FROM journeys_journeyinstance i
           WHERE i.journey_id = w.journey_id AND i.key = w.key ORDER BY i.entered_at DESC LIMIT 1
      ) l ON true
      LEFT JOIN journeys_journeyinstance a
        ON a.journey_id = w.journey_id AND a.key = w.key AND a.state = 'waiting'
     WHERE l.entered_at IS NOT NULL
"""
# The unique index over active instances has the last word, over all versions and all workers.
ENTER = """
    INSERT INTO journeys_journeyinstance
           (sandbox_id, journey_id, version_id, profile_id, key, state, node_id, woken_node, arrived_at, due_at,
            entered_at, is_reentrance, context)
    VALUES %s
    ON CONFLICT (journey_id, key) WHERE state = 'waiting' DO NOTHING
    RETURNING journey_id, key
"""


class Entry(NamedTuple):
    """Somebody who wants to come in: the version's rules, who, and the event as JSON text of the context."""

    version: "LiveVersion"
    profile_id: int
    key: str | None
    event_id: str
    context: str


class LiveVersion(NamedTuple):
    """What entrance needs to know of a live version."""

    id: int
    journey_id: int
    sandbox_id: int
    namespace_id: int
    allows_reentrance: bool
    reentrance_wait: timedelta
    starts_at: datetime | None
    ends_at: datetime | None
    start_node: str


class Refused(NamedTuple):
    entry: Entry
    code: str


def enter(entries: Sequence[Entry], now: datetime) -> int:
    """Let in who may come in, and keep for everybody else the code that says why not; the number let in."""
    if not entries:
        return 0
    admitted, refused = sort_out(entries, now)
    entered: set[tuple[int, str]] = set()
    if admitted:
        rows = [
            (
                entry.version.sandbox_id,
                entry.version.journey_id,
                entry.version.id,
                entry.profile_id,
                entry.key,
                "waiting",
                entry.version.start_node,
                entry.version.start_node,
                now,
                now,
                now,
                is_reentrance,
                entry.context,
            )
            for entry, is_reentrance in sorted(admitted, key=lambda a: (a[0].version.journey_id, a[0].key))
        ]
        with connection.cursor() as cursor:
            entered = set(execute_values(cursor.cursor, ENTER, rows, page_size=1000, fetch=True))
        lost = [e for e, _ in admitted if (e.version.journey_id, e.key) not in entered]
        refused += [Refused(entry, "JOURNEY_INSTANCE_ID_NOT_CREATED") for entry in lost]
    refuse(refused, now)
    return len(entered)


def sort_out(entries: Sequence[Entry], now: datetime) -> tuple[list[tuple[Entry, bool]], list[Refused]]:
    """Apply the entrance rules: ((entry, is a re-entrance) admitted, refused). Reads, writes nothing."""
    wanted = sorted({(e.version.journey_id, e.key) for e in entries if e.key})
    last: dict[tuple[int, str], tuple[datetime, bool]] = {}
    if wanted:
        found = sql.rows(LAST_ENTRANCES, [[w[0] for w in wanted], [w[1] for w in wanted]])
        last = {
            (journey_id, key): (entered_at, is_inside) for journey_id, key, entered_at, is_inside in found
        }
    admitted, refused = [], []
    for entry in entries:
        place = (entry.version.journey_id, entry.key)
        if code := reason_to_refuse(entry, last.get(place), now):
            refused.append(Refused(entry, code))
            continue
        admitted.append((entry, place in last))
        last[place] = (now, True)
    return admitted, refused


def reason_to_refuse(entry: Entry, last: tuple[datetime, bool] | None, now: datetime) -> str | None:
    """The code that keeps somebody out; None lets them in. Codes as in the table of discard codes."""
    version = entry.version
    if entry.key is None:
        return "EXTERNAL_KEY_COMPUTATION_ERROR"
    if version.starts_at and now < version.starts_at:
        return "beforeStartDate"
    if version.ends_at and now >= version.ends_at:
        return "afterEndDate"
    if last is None:
        return None
    entered_at, is_inside = last
    if is_inside:
        return "JOURNEY_INSTANCE_ID_NOT_CREATED"
    if not version.allows_reentrance or now - entered_at < version.reentrance_wait:
        return "reentranceNotAllowed"
    return None


def refuse(refused: Sequence[Refused], now: datetime) -> None:
    sql.copy_rows(
        "journeys_refusal",
        ("sandbox_id", "version_id", "profile_id", "key", "code", "event_id", "at"),
        (
            (e.version.sandbox_id, e.version.id, e.profile_id, e.key or "", code, e.event_id, now)
            for e, code in refused
        ),
    )
