"""A published version made ready to run: compiled once per process, never changed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from journeys.graph import Graph
from journeys.models import JourneyVersion
from journeys.nodes import node_types

GLOBAL_TIMEOUT = timedelta(days=91)  # the longest life of an instance
SEPARATOR = "|"  # between the ids of parallel nodes


@dataclass(frozen=True)
class PlanNode:
    """One node, or several parallel ones, ready to run."""

    id: str
    kind: str
    run: Callable
    params: object
    is_end: bool
    targets: dict[str, str]  # outlet -> node id, or ids joined by |


@dataclass(frozen=True)
class Plan:
    """A version's nodes, and the order in which one walk visits them."""

    version_id: int
    journey_id: int
    sandbox_id: int
    timezone: str
    nodes: dict[str, PlanNode]
    order: dict[str, int]  # node id (or joined ids) -> position; every move goes to a higher one
    start: str

    def members(self, node_id: str) -> list[PlanNode]:
        """The nodes of a place: one, or the parallel ones."""
        return [self.nodes[part] for part in node_id.split(SEPARATOR) if part in self.nodes]


@lru_cache(maxsize=500)
def plan_of(version_id: int) -> Plan:
    """The plan of a published version."""
    version = JourneyVersion.objects.select_related("journey").get(pk=version_id)
    return build(version)


def build(version: JourneyVersion) -> Plan:
    graph = Graph.from_json(version.graph)
    sequence = graph.topological() or []
    nodes, places = {}, []
    for node_id in sequence:
        node = graph.nodes[node_id]
        node_type = node_types[node.kind]
        targets: dict[str, list[str]] = {}
        for edge in graph.out(node_id):
            targets.setdefault(edge.outlet, []).append(edge.dst)
        joined = {outlet: SEPARATOR.join(ids) for outlet, ids in targets.items()}
        nodes[node_id] = PlanNode(
            id=node_id,
            kind=node.kind,
            run=node_type.run,
            params=node_type.prepare(node.params),
            is_end=node_type.is_end,
            targets=joined,
        )
        places.extend(place for place in joined.values() if SEPARATOR in place)
    order = {node_id: position * 2 for position, node_id in enumerate(sequence)}
    for place in places:  # parallel nodes run together, at the place of the first of them
        order[place] = min(order[part] for part in place.split(SEPARATOR)) - 1
    starts = [n.id for n in graph.roots() if node_types[n.kind].can_start]
    return Plan(
        version_id=version.pk,
        journey_id=version.journey_id,
        sandbox_id=version.journey.sandbox_id,
        timezone=version.timezone,
        nodes=nodes,
        order=order,
        start=starts[0] if starts else "",
    )
