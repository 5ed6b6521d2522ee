"""Processing: accepted messages become profiles and events, a batch at a time, in the caller's transaction."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson
from django.db import connection
from psycopg2.extras import execute_values

from ajo.core import sql
from profiles import identities, merging
from profiles.errors import InvalidMessage
from profiles.ingest.envelope import Parsed, parse

EVENT_COLUMNS = ("sandbox_id", "profile_id", '"timestamp"', "event_type", "event_id", "data", "received_at")
NOT_ATTRIBUTES = ("identityMap", "segmentMembership", "_id")

NEW_KEYS = """
    INSERT INTO profiles_eventkey (sandbox_id, key) VALUES %s
    ON CONFLICT DO NOTHING RETURNING sandbox_id, key
"""
UPDATE_ATTRIBUTES = """
    UPDATE profiles_profile p SET attributes = v.attributes::jsonb, updated_at = %(now)s
      FROM (SELECT unnest(%(ids)s::bigint[]) AS id, unnest(%(attributes)s::text[]) AS attributes) v
     WHERE p.id = v.id
"""


class Row(NamedTuple):
    """A claimed inbox row."""

    id: int
    sandbox_id: int
    inlet_id: int | None
    message: str
    received_at: datetime


class StoredEvent(NamedTuple):
    """An experience event that has just become known, for the storeys above."""

    sandbox_id: int
    profile_id: int
    event_id: str
    event_type: str
    timestamp: datetime
    entity: dict
    identities: list[tuple[int, str]]


@dataclass
class Facts:
    """What a batch changed."""

    events: list[StoredEvent] = field(default_factory=list)
    changed_profiles: set[int] = field(default_factory=set)  # attributes changed, merged, or an event came
    merges: list[tuple[int, int]] = field(default_factory=list)
    refused: list[tuple[Row, str, str]] = field(default_factory=list)  # (row, code, reason): to be parked


def process(rows: Sequence[Row], now: datetime) -> Facts:
    """Turn inbox rows into facts.

    1. Read each message; what cannot be read is refused with its reason.
    2. Find or make the profiles; carry out merges.
    3. Merge records into attributes, in the order they were accepted.
    4. Store the events that are new by their `_id`.
    """
    facts = Facts()
    parsed: list[tuple[Row, Parsed]] = []
    for row in rows:
        try:
            message = orjson.loads(row.message)
            parsed.append((row, parse(message, row.sandbox_id, now, internal=row.inlet_id is None)))
        except orjson.JSONDecodeError as error:
            facts.refused.append((row, "ingest.not_json", str(error)))
        except InvalidMessage as error:
            facts.refused.append((row, error.code, f"{error.message} ({error.details.get('pointer', '')})"))
    if not parsed:
        return facts

    found = identities.resolve([(row.sandbox_id, p.identities, p.profile_id) for row, p in parsed])
    if found.merges:
        merging.merge(found.merges, now)
        facts.merges = found.merges
    facts.changed_profiles.update(survivor for _, survivor in found.merges)

    records, events = [], []
    for position, (row, message) in enumerate(parsed):
        profile_id = found.profile_of.get(position)
        if profile_id is None:
            facts.refused.append(
                (row, "ingest.profile_gone", "The profile this event belongs to was deleted.")
            )
        elif message.kind == "record":
            records.append((profile_id, message))
        else:
            events.append((row, profile_id, message))
    merge_records(records, now)
    facts.events = store_events(events)
    facts.changed_profiles.update(profile_id for profile_id, _ in records)
    facts.changed_profiles.update(event.profile_id for event in facts.events)
    return facts


def merge_records(records: list[tuple[int, Parsed]], now: datetime) -> None:
    """Patch the attributes of profiles with their records, in order."""
    if not records:
        return
    ids = sorted({profile_id for profile_id, _ in records})
    stored = sql.rows("SELECT id, attributes::text FROM profiles_profile WHERE id = ANY(%s)", [ids])
    attributes = {profile_id: orjson.loads(text) for profile_id, text in stored}
    for profile_id, record in records:
        patch = {name: value for name, value in record.entity.items() if name not in NOT_ATTRIBUTES}
        attributes[profile_id] = merging.deep_merge(attributes.get(profile_id, {}), patch)
    sql.run(
        UPDATE_ATTRIBUTES,
        {"now": now, "ids": ids, "attributes": [orjson.dumps(attributes[i]).decode() for i in ids]},
    )


def event_key(event_id: str) -> uuid.UUID:
    """The key under which an `_id` is remembered."""
    return uuid.UUID(bytes=hashlib.md5(event_id.encode(), usedforsecurity=False).digest())


def store_events(events: list[tuple[Row, int, Parsed]]) -> list[StoredEvent]:
    """COPY the events whose `_id` was never seen in the sandbox; these, in order."""
    if not events:
        return []
    first: dict[tuple[int, str], tuple[Row, int, Parsed]] = {}
    for entry in events:
        first.setdefault((entry[0].sandbox_id, str(event_key(entry[2].event_id))), entry)
    with connection.cursor() as cursor:
        fresh = execute_values(cursor.cursor, NEW_KEYS, sorted(first), page_size=1000, fetch=True)
    fresh_keys = {(sandbox_id, str(key)) for sandbox_id, key in fresh}
    kept = [entry for key, entry in first.items() if key in fresh_keys]
    sql.copy_rows(
        "profiles_experienceevent",
        EVENT_COLUMNS,
        (
            (
                row.sandbox_id,
                profile_id,
                parsed.timestamp,
                parsed.event_type,
                parsed.event_id,
                orjson.dumps(parsed.entity).decode(),
                row.received_at,
            )
            for row, profile_id, parsed in kept
        ),
    )
    return [
        StoredEvent(
            row.sandbox_id,
            profile_id,
            parsed.event_id,
            parsed.event_type,
            parsed.timestamp,
            parsed.entity,
            parsed.identities,
        )
        for row, profile_id, parsed in kept
    ]
