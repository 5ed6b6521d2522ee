"""What an event sets going: people waiting for it go on, others come in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from ajo.core import sql, wakeup
from audiences.evaluation.memberships import MembershipChange
from journeys.engine.entrance import Entry, LiveVersion, enter
from journeys.engine.plan import plan_of
from journeys.models import EventDefinition, JourneyVersion
from profiles.expressions import ExprError, ast, compile_text
from profiles.ingest.process import StoredEvent

FIND_WAITS = """
    SELECT DISTINCT w.instance_id
      FROM unnest(%s::bigint[], %s::bigint[]) AS v(definition_id, profile_id)
      JOIN journeys_eventwait w ON w.definition_id = v.definition_id AND w.profile_id = v.profile_id
"""
# The executor locks an instance before it touches its waits; so do we, in id order.
LOCK_INSTANCES = """
    SELECT id FROM journeys_journeyinstance WHERE id = ANY(%s) AND state = 'waiting' ORDER BY id FOR UPDATE
"""
WAITS_OF = """
    SELECT w.instance_id, w.node_id, w.definition_id, w.profile_id, w.since
      FROM journeys_eventwait w JOIN journeys_journeyinstance i ON i.id = w.instance_id
     WHERE w.instance_id = ANY(%s) AND i.woken_node IS NULL
     ORDER BY w.id
"""
WAKE = """
    UPDATE journeys_journeyinstance i
       SET woken_node = v.node_id, due_at = least(i.due_at, %s),
           context = jsonb_set(i.context, array['event', v.name], v.payload::jsonb)
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS v(id, node_id, name, payload)
     WHERE i.id = v.id AND i.woken_node IS NULL
"""
KEYS = """
    SELECT DISTINCT ON (v.profile_id, v.namespace_id) v.profile_id, v.namespace_id, i.value
      FROM unnest(%s::bigint[], %s::bigint[]) AS v(profile_id, namespace_id)
      JOIN profiles_identity i ON i.profile_id = v.profile_id AND i.namespace_id = v.namespace_id
     ORDER BY v.profile_id, v.namespace_id, i.id
"""


class Match(NamedTuple):
    """An event that fits a definition."""

    event: StoredEvent
    definition_id: int
    name: str


def handle(events: Sequence[StoredEvent], changes: Sequence[MembershipChange], now: datetime) -> None:
    """Wake who waited for these events, let in whose journey starts with them.

    Membership changes are handed on here too; the activities that listen to them come with audiences.
    """
    matches = match(events)
    if not matches:
        return
    woken = wake(matches, now)
    entered = enter(entries_for(matches), now)
    if woken or entered:
        wakeup.announce_on_commit("journeys")


def match(events: Sequence[StoredEvent]) -> list[Match]:
    """Which definitions each event fits, in the order of the events."""
    sandboxes = {event.sandbox_id for event in events}
    if not sandboxes:
        return []
    # by sandbox and event type; under None those whose rule may fit any type
    definitions: dict[tuple[int, str | None], list[tuple]] = {}
    rows = EventDefinition.objects.filter(sandbox_id__in=sandboxes).order_by("id")
    for sandbox_id, definition_id, name, rule in rows.values_list("sandbox_id", "id", "name", "rule"):
        try:
            compiled = compile_text(rule, want="bool")
        except ExprError:  # kept from before a stricter check; the definition's page shows the error
            continue
        for event_type in types_wanted(compiled.ast) or (None,):
            definitions.setdefault((sandbox_id, event_type), []).append((definition_id, name, compiled.run))
    found = []
    for event in events:
        snapshot = {"trigger": event.entity}
        own = definitions.get((event.sandbox_id, event.event_type), ())
        for definition_id, name, fits in (*own, *definitions.get((event.sandbox_id, None), ())):
            if fits(snapshot, event.timestamp) is True:
                found.append(Match(event, definition_id, name))
    return found


def types_wanted(rule: ast.Node) -> frozenset[str]:
    """The event types without which a rule cannot be true; empty when it may fit any."""
    if isinstance(rule, ast.Call) and rule.fn == "and":
        return next((types for part in rule.args if (types := types_wanted(part))), frozenset())
    if not isinstance(rule, ast.Call) or rule.fn not in ("eq", "in") or len(rule.args) != 2:
        return frozenset()
    left, right = rule.args
    if isinstance(left, ast.Literal):
        left, right = right, left
    if not isinstance(left, ast.Field) or left.root != "trigger" or left.path != ("eventType",):
        return frozenset()
    values = right.items if isinstance(right, ast.List) and rule.fn == "in" else (right,)
    if not all(isinstance(value, ast.Literal) and value.type == "str" and value.value for value in values):
        return frozenset()
    return frozenset(value.value for value in values)


def wake(matches: Sequence[Match], now: datetime) -> int:
    """Mark the instances that waited for these events; the first event wins. How many were woken."""
    wanted = sorted({(m.definition_id, m.event.profile_id) for m in matches})
    found = sql.rows(FIND_WAITS, [[w[0] for w in wanted], [w[1] for w in wanted]])
    if not found:
        return 0
    locked = [row[0] for row in sql.rows(LOCK_INSTANCES, [[row[0] for row in found]])]
    waits: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for instance_id, node_id, definition_id, profile_id, _ in sql.rows(WAITS_OF, [locked]):
        waits.setdefault((definition_id, profile_id), []).append((instance_id, node_id))
    chosen: dict[int, tuple[str, str, str]] = {}
    for m in matches:
        for instance_id, node_id in waits.get((m.definition_id, m.event.profile_id), ()):
            chosen.setdefault(instance_id, (node_id, m.name, orjson.dumps(m.event.entity).decode()))
    if not chosen:
        return 0
    node_ids, names, payloads = zip(*chosen.values(), strict=True)
    return sql.run(WAKE, [now, list(chosen), list(node_ids), list(names), list(payloads)])


def entries_for(matches: Sequence[Match]) -> list[Entry]:
    """Who wants to come in, by the live versions that start with the events' definitions."""
    starting = live_versions({m.event.sandbox_id for m in matches})
    wanted = [(m, version) for m in matches for version in starting.get(m.definition_id, ())]
    keys = keys_for(wanted)
    return [
        Entry(
            version=version,
            profile_id=m.event.profile_id,
            key=keys.get((m.event.profile_id, version.namespace_id, m.event.event_id)),
            event_id=m.event.event_id,
            context=orjson.dumps({"event": {m.name: m.event.entity}}).decode(),
        )
        for m, version in wanted
    ]


def live_versions(sandboxes: set[int]) -> dict[int, list[LiveVersion]]:
    """Live versions by the event definition they start with."""
    found: dict[int, list[LiveVersion]] = {}
    versions = JourneyVersion.objects.filter(status="live", journey__sandbox_id__in=sandboxes).values_list(
        "id",
        "journey_id",
        "journey__sandbox_id",
        "namespace_id",
        "allows_reentrance",
        "reentrance_wait_seconds",
        "starts_at",
        "ends_at",
    )
    for version_id, *rest in versions:
        plan = plan_of(version_id)
        start = plan.nodes.get(plan.start)
        if start is None or not isinstance(start.params, dict) or "definition" not in start.params:
            continue
        rest[4] = timedelta(seconds=rest[4])
        found.setdefault(start.params["definition"], []).append(
            LiveVersion(version_id, *rest, start_node=plan.start)
        )
    return found


def keys_for(wanted: Sequence[tuple[Match, LiveVersion]]) -> dict[tuple[int, int, str], str]:
    """The identity of each person in the journey's namespace: the event's own first, else a stored one."""
    keys: dict[tuple[int, int, str], str] = {}
    missing: dict[tuple[int, int], list[str]] = {}
    for m, version in wanted:
        own = next((value for ns, value in m.event.identities if ns == version.namespace_id), None)
        place = (m.event.profile_id, version.namespace_id)
        if own is not None:
            keys[(*place, m.event.event_id)] = own
        else:
            missing.setdefault(place, []).append(m.event.event_id)
    if missing:
        for profile_id, namespace_id, value in sql.rows(
            KEYS, [[p[0] for p in missing], [p[1] for p in missing]]
        ):
            for event_id in missing[(profile_id, namespace_id)]:
                keys[(profile_id, namespace_id, event_id)] = value
    return keys


def follow(merges: Sequence[tuple[int, int]]) -> None:
    """Instances, waits, steps and refusals of merged profiles change their owner."""
    for old, survivor in merges:
        for table in ("journeyinstance", "eventwait", "stepevent", "refusal"):
            sql.run(f"UPDATE journeys_{table} SET profile_id = %s WHERE profile_id = %s", [survivor, old])
