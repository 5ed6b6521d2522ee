"""What is wrong with a graph: the list of checks is the design. A draft may have problems; a live version has none.

Each check reads the graph and yields problems with a stable code, the node and the field they are about.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from ajo.core.models import Sandbox
from journeys.graph import MAX_NODES, Graph, MalformedGraph
from journeys.models import EventDefinition
from journeys.nodes import node_types


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `node_id` is None for what concerns the whole journey."""

    code: str
    message: str
    node_id: str | None = None
    field: str | None = None
    severity: str = "error"

    def to_json(self) -> dict:
        return asdict(self)


def has_nodes(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    if not graph.nodes:
        yield Problem("ERR_EMPTY", "The journey is empty. Drop an event on the canvas to begin.")
    if len(graph.nodes) > MAX_NODES:
        yield Problem(
            "ERR_TOO_MANY_NODES",
            f"A journey has at most {MAX_NODES} activities; this has {len(graph.nodes)}.",
        )


def kinds_are_known(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    for node in graph.nodes.values():
        if node.kind not in node_types:
            yield Problem("ERR_UNKNOWN_KIND", f"There is no activity of kind “{node.kind}”.", node.id)


def outlets_of(graph: Graph, node_id: str) -> set[str] | None:
    """The names of a node's ways out; None for a node or kind that nobody knows."""
    node = graph.nodes.get(node_id)
    node_type = node_types.get(node.kind) if node else None
    return {o.name for o in node_type.outlets(node.params)} if node_type else None


def edges_fit(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    seen = set()
    for edge in graph.edges:
        for end in (edge.src, edge.dst):
            if end not in graph.nodes:
                yield Problem("ERR_DANGLING_EDGE", f"A connection leads to “{end}”, which is not there.")
        known = outlets_of(graph, edge.src)
        if known is not None and edge.outlet not in known:
            message = f"The path “{edge.outlet}” no longer exists here."
            yield Problem("ERR_UNKNOWN_OUTLET", message, edge.src)
        if (edge.src, edge.outlet, edge.dst) in seen:
            yield Problem("ERR_DOUBLE_EDGE", "The same connection is drawn twice.", edge.src)
        seen.add((edge.src, edge.outlet, edge.dst))


def has_no_cycle(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    if graph.topological() is None:
        yield Problem(
            "ERR_CYCLE", "The journey goes round in a circle. Remove the connection that leads back."
        )


def starts_once(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    roots = graph.roots()
    starts = [n for n in roots if (t := node_types.get(n.kind)) and t.can_start]
    if graph.nodes and not starts:
        yield Problem("ERR_NO_START", "The journey has no start. Begin with an event.")
    for extra in starts[1:]:
        yield Problem(
            "ERR_SECOND_START", "A journey has one start. Connect this event or delete it.", extra.id
        )
    for node in roots:
        if node not in starts and node.kind in node_types:
            yield Problem("ERR_UNCONNECTED", "This activity is not connected: nobody can reach it.", node.id)


def parallel_branches_are_legal(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    branches: dict[tuple[str, str], list[str]] = {}
    for edge in graph.edges:
        branches.setdefault((edge.src, edge.outlet), []).append(edge.dst)
    for targets in branches.values():
        if len(targets) < 2:
            continue
        for target in targets:
            node = graph.nodes.get(target)
            node_type = node_types.get(node.kind) if node else None
            if node_type and not node_type.can_be_parallel:
                message = "Only waits and events may stand side by side after the same activity."
                yield Problem("ERR_PARALLEL", message, target)


def settings_are_complete(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    for node in graph.nodes.values():
        node_type = node_types.get(node.kind)
        if node_type is None:
            continue
        _, errors = node_type.clean(node.params, sandbox)
        for field, messages in errors.items():
            for message in messages:
                yield Problem("ERR_SETTINGS", message, node.id, None if field == "__all__" else field)


def events_share_a_namespace(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    if sandbox is None:
        return
    wanted: dict[str, int] = {}
    for node in graph.nodes.values():
        definition = node.params.get("definition") if node.kind == "unitary_event" else None
        if isinstance(definition, int) or (isinstance(definition, str) and definition.isdigit()):
            wanted[node.id] = int(definition)
    definitions = EventDefinition.objects.filter(sandbox=sandbox, pk__in=set(wanted.values()))
    namespace_of = dict(definitions.values_list("id", "namespace_id"))
    first = None
    for node_id, definition in wanted.items():
        namespace = namespace_of.get(definition)
        first = first or namespace
        if namespace and namespace != first:
            message = "All events of a journey identify people in the same namespace; this one uses another."
            yield Problem("ERR_NAMESPACE", message, node_id, "definition")


def does_something(graph: Graph, sandbox: Sandbox | None) -> Iterator[Problem]:
    if graph.nodes and not any(
        (t := node_types.get(n.kind)) and t.category == "actions" for n in graph.nodes.values()
    ):
        yield Problem("WARN_NO_ACTION", "The journey does nothing yet: it has no action.", severity="warning")


CHECKS: list[Callable[[Graph, Sandbox | None], Iterable[Problem]]] = [
    has_nodes,
    kinds_are_known,
    edges_fit,
    has_no_cycle,
    starts_once,
    parallel_branches_are_legal,
    settings_are_complete,
    events_share_a_namespace,
    does_something,
]


def find_problems(graph: Graph, *, sandbox: Sandbox | None) -> list[Problem]:
    """All problems of a graph, journey-wide ones first, then in the order of the graph."""
    found = [problem for check in CHECKS for problem in check(graph, sandbox)]
    order = {node_id: index for index, node_id in enumerate(graph.topological() or graph.nodes)}
    return sorted(found, key=lambda p: (p.node_id is not None, order.get(p.node_id or "", -1)))


def problems_of(data: object, *, sandbox: Sandbox | None) -> list[Problem]:
    """The same for the JSON form, whatever its shape."""
    try:
        graph = Graph.from_json(data)
    except MalformedGraph as error:
        return [Problem("ERR_MALFORMED", str(error))]
    return find_problems(graph, sandbox=sandbox)


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Those that forbid publishing."""
    return [problem for problem in problems if problem.severity == "error"]
