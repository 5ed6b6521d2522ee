"""Interactions with messages: observed at a tracking address, carried through the inbox, recorded with the message.

An observation becomes an experience event like any other (`message.tracking`); when the pipeline has stored it,
`record` writes it to the message it belongs to.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from ajo.core import sql
from channels_app.models import Message
from profiles.ingest import accept
from profiles.ingest.process import StoredEvent

EVENT_TYPE = "message.tracking"
KINDS = ("open", "click", "unsubscribe")

INSERT = """
    INSERT INTO channels_app_messageevent
           (at, sandbox_id, message_id, profile_id, journey_version_id, node_id, kind, detail)
    SELECT v.at, m.sandbox_id, m.id, v.profile_id, m.journey_version_id, m.node_id, v.kind,
           CASE WHEN v.url IS NULL THEN NULL ELSE jsonb_build_object('url', v.url, 'label', v.label) END
      FROM unnest(%(ids)s::bigint[], %(sandboxes)s::bigint[], %(profiles)s::bigint[], %(kinds)s::text[],
                  %(ats)s::timestamptz[], %(urls)s::text[], %(labels)s::text[])
           AS v(id, sandbox_id, profile_id, kind, at, url, label)
      JOIN channels_app_message m ON m.id = v.id AND m.sandbox_id = v.sandbox_id
"""
# The first open and the first click; a click without an open means that pictures were off.
MARK = """
    UPDATE channels_app_message m
       SET opened_at = coalesce(m.opened_at, v.at),
           clicked_at = CASE WHEN v.kind = 'click' THEN coalesce(m.clicked_at, v.at) ELSE m.clicked_at END
      FROM (SELECT id, min(kind) AS kind, min(at) AS at
              FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(ats)s::timestamptz[]) AS v(id, kind, at)
             WHERE kind IN ('open', 'click') GROUP BY id) v
     WHERE m.id = v.id
"""


def observe(
    message: Message, kind: str, now: datetime, *, url: str | None = None, label: str | None = None
) -> None:
    """Put an interaction into the inbox; durable when this returns."""
    interaction = {"interactionType": kind, "entityType": "message"}
    if url:
        interaction |= {"url": url[:2000], "label": label or ""}
    entity = {
        "_id": str(uuid.uuid4()),
        "timestamp": now.isoformat(),
        "eventType": EVENT_TYPE,
        "_experience": {
            "customerJourneyManagement": {
                "messageExecution": {
                    "messageExecutionID": str(message.pk),
                    "messageID": str(message.content_id),
                    "journeyVersionID": str(message.journey_version_id or ""),
                    "journeyVersionInstanceID": str(message.instance_id or ""),
                    "journeyVersionNodeID": message.node_id,
                    "messageType": message.message_type,
                },
                "messageInteraction": interaction,
                "emailChannelContext": {"address": message.address or ""},
            }
        },
    }
    accept.store([accept.internal_event(message.sandbox_id, message.profile_id, entity)])


def record(events: Sequence[StoredEvent]) -> int:
    """Write the interactions among newly stored events to their messages; how many there were."""
    found = [(event, reading) for event in events if (reading := read(event))]
    if not found:
        return 0
    params = {
        "ids": [reading[0] for _, reading in found],
        "kinds": [reading[1] for _, reading in found],
        "urls": [reading[2] for _, reading in found],
        "labels": [reading[3] for _, reading in found],
        "ats": [event.timestamp for event, _ in found],
        "sandboxes": [event.sandbox_id for event, _ in found],
        "profiles": [event.profile_id for event, _ in found],
    }
    sql.run(INSERT, params)
    sql.run(MARK, params)
    return len(found)


def read(event: StoredEvent) -> tuple[int, str, str | None, str | None] | None:
    """(message id, kind, url, label) of an interaction event that the product itself observed."""
    if event.event_type != EVENT_TYPE or event.identities:
        return None
    management = event.entity.get("_experience", {}).get("customerJourneyManagement", {})
    interaction = management.get("messageInteraction", {})
    message_id = str(management.get("messageExecution", {}).get("messageExecutionID", ""))
    if not message_id.isdigit() or interaction.get("interactionType") not in KINDS:
        return None
    return int(message_id), interaction["interactionType"], interaction.get("url"), interaction.get("label")
