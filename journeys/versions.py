"""The life of a journey version: draft, live, closed, stopped, finished. Every change of status is here.

draft   -> live       publish
live    -> closed     close, or the publishing of a newer version
live    -> stopped    stop; so does closed -> stopped
live    -> finished   its end date came
closed  -> finished   the last person left
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from ajo.core import audit, clock, sql
from ajo.core.models import Sandbox
from journeys import checks, errors
from journeys.graph import Graph
from journeys.models import EventDefinition, Journey, JourneyVersion
from journeys.nodes import node_types

Status = JourneyVersion.Status

# Take everybody out of a version at once; what they waited for is forgotten with them.
END_ALL = """
    WITH gone AS (
        UPDATE journeys_journeyinstance
           SET state = 'ended', reason = %(reason)s, ended_at = %(now)s, woken_node = NULL
         WHERE version_id = %(version)s AND state = 'waiting'
     RETURNING id, sandbox_id, version_id, profile_id, node_id, visit
    ), waits AS (
        DELETE FROM journeys_eventwait w USING gone WHERE w.instance_id = gone.id
    ), tally AS (
        INSERT INTO journeys_nodetally (version_id, node_id, hour, exited)
        SELECT version_id, node_id, date_trunc('hour', %(now)s::timestamptz), count(*) FROM gone GROUP BY 1, 2
    )
    INSERT INTO journeys_stepevent
           (at, sandbox_id, version_id, instance_id, profile_id, node_id, kind, status, visit, is_end, code)
    SELECT %(now)s, sandbox_id, version_id, id, profile_id, node_id, 'end', 'exited', visit, true, %(reason)s FROM gone
"""


@transaction.atomic
def create(sandbox: Sandbox, name: str, *, actor: str) -> JourneyVersion:
    """A new journey with an empty draft."""
    journey = _create_journey(sandbox, name, actor)
    version = JourneyVersion.objects.create(
        journey=journey, graph=Graph().to_json(), timezone=sandbox.timezone
    )
    audit.record("journey.created", journey, actor=actor, sandbox=sandbox)
    return version


def _create_journey(sandbox: Sandbox, name: str, actor: str) -> Journey:
    try:
        with transaction.atomic():
            return Journey.objects.create(sandbox=sandbox, name=name.strip()[:120], created_by=actor)
    except IntegrityError as error:
        raise errors.NameTaken(name=name) from error


@transaction.atomic
def publish(version: JourneyVersion, *, actor: str) -> JourneyVersion:
    """Make a draft live. The version that was live takes no new entrances and runs out.

    1. Refuse anything but a draft without errors.
    2. Freeze what must not change any more: message contents, names of events.
    3. Close the version that was live; people inside finish in it.
    """
    version = locked(version)
    sandbox = version.journey.sandbox
    if version.status != Status.DRAFT:
        raise errors.NotADraft(status=version.status)
    problems = checks.problems_of(version.graph, sandbox=sandbox)
    if blocking := checks.errors_of(problems):
        raise errors.GraphInvalid(problems=[p.to_json() for p in blocking])

    now = clock.now()
    graph = Graph.from_json(version.graph)
    siblings = JourneyVersion.objects.filter(journey_id=version.journey_id)
    siblings.filter(status=Status.LIVE).update(status=Status.CLOSED, closed_at=now)
    version.graph = freeze(graph, sandbox)
    version.namespace_id = namespace_of(graph, sandbox)
    version.status = Status.LIVE
    version.published_at, version.published_by = now, actor
    version.save()
    version.edits.all().delete()
    audit.record("journey.published", version, actor=actor, sandbox=sandbox)
    return version


def freeze(graph: Graph, sandbox: Sandbox) -> dict:
    """The graph with every node's params checked, complete and fixed."""
    data = graph.to_json()
    for node in graph.nodes.values():
        node_type = node_types[node.kind]
        params, _ = node_type.clean(node.params, sandbox)
        data["nodes"][node.id]["params"] = node_type.freeze(params, sandbox=sandbox, label=node.label)
    return data


def namespace_of(graph: Graph, sandbox: Sandbox) -> int | None:
    """The namespace of the event that starts the journey."""
    for root in graph.roots():
        if definition := root.params.get("definition"):
            return EventDefinition.objects.get(sandbox=sandbox, pk=int(definition)).namespace_id
    return None


@transaction.atomic
def close(version: JourneyVersion, *, actor: str) -> JourneyVersion:
    """No new entrances; people inside finish normally."""
    version = locked(version)
    if version.status != Status.LIVE:
        raise errors.NotLive(status=version.status)
    version.status, version.closed_at = Status.CLOSED, clock.now()
    version.save(update_fields=["status", "closed_at", "updated_at"])
    audit.record("journey.closed", version, actor=actor, sandbox=version.journey.sandbox)
    return version


@transaction.atomic
def stop(version: JourneyVersion, *, actor: str) -> JourneyVersion:
    """Emergency: no new entrances, and everybody inside leaves at once."""
    version = locked(version)
    if version.status not in (Status.LIVE, Status.CLOSED):
        raise errors.NotRunning(status=version.status)
    now = clock.now()
    version.status, version.closed_at = Status.STOPPED, version.closed_at or now
    version.save(update_fields=["status", "closed_at", "updated_at"])
    end_all(version.pk, "journeyStopped", now)
    audit.record("journey.stopped", version, actor=actor, sandbox=version.journey.sandbox)
    return version


def end_all(version_id: int, reason: str, now: datetime) -> int:
    return sql.run(END_ALL, {"version": version_id, "reason": reason, "now": now})


def finish_over(now: datetime) -> int:
    """Finish live versions whose end date came (people inside leave) and closed ones that are empty; how many."""
    finished = 0
    for version in JourneyVersion.objects.filter(status=Status.LIVE, ends_at__lte=now):
        with transaction.atomic():
            moved = JourneyVersion.objects.filter(pk=version.pk, status=Status.LIVE).update(
                status=Status.FINISHED
            )
            if moved:
                end_all(version.pk, "journeyFinished", now)
                finished += 1
    empty = JourneyVersion.objects.filter(status=Status.CLOSED).exclude(instances__state="waiting")
    return finished + empty.update(status=Status.FINISHED)


@transaction.atomic
def new_version(journey: Journey, *, actor: str) -> JourneyVersion:
    """A draft that begins as the latest version."""
    Journey.objects.select_for_update().get(pk=journey.pk)
    latest = journey.versions.order_by("-number").first()
    if journey.versions.filter(status=Status.DRAFT).exists():
        raise errors.DraftExists()
    version = JourneyVersion.objects.create(
        journey=journey, number=latest.number + 1, graph=thawed(latest.graph), **entrance_rules(latest)
    )
    audit.record("journey.version_created", version, actor=actor, sandbox=journey.sandbox)
    return version


@transaction.atomic
def duplicate(journey: Journey, *, actor: str, name: str | None = None) -> JourneyVersion:
    """A new journey whose draft is a copy of the latest version."""
    latest = journey.versions.order_by("-number").first()
    base = (name or f"{journey.name}_copy").strip()[:110]
    taken = set(
        Journey.objects.filter(sandbox=journey.sandbox, name__startswith=base).values_list("name", flat=True)
    )
    free = next(n for n in (base, *(f"{base} {i}" for i in range(2, 10_000))) if n not in taken)
    copy = _create_journey(journey.sandbox, free, actor)
    copy.description = journey.description
    copy.save(update_fields=["description"])
    version = JourneyVersion.objects.create(
        journey=copy, graph=thawed(latest.graph), **entrance_rules(latest)
    )
    audit.record(
        "journey.duplicated", copy, actor=actor, sandbox=journey.sandbox, changes={"from": journey.pk}
    )
    return version


def thawed(graph: dict) -> dict:
    """A published graph as a draft again: without what publishing added."""
    data = Graph.from_json(graph).to_json()
    for node in data["nodes"].values():
        known = node_types[node["kind"]].Params.base_fields
        node["params"] = {name: value for name, value in node["params"].items() if name in known}
    return data


def entrance_rules(version: JourneyVersion) -> dict:
    return {
        "allows_reentrance": version.allows_reentrance,
        "reentrance_wait_seconds": version.reentrance_wait_seconds,
        "timezone": version.timezone,
    }


def locked(version: JourneyVersion) -> JourneyVersion:
    """The version's row, locked until the transaction ends."""
    return (
        JourneyVersion.objects.select_related("journey__sandbox")
        .select_for_update(of=("self",))
        .get(pk=version.pk)
    )
