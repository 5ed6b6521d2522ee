"""Small cuts and stitches of a graph, from which the edits of `journeys.operations` are made."""

import json
import re
from dataclasses import replace

from django.utils.translation import gettext as _

from journeys import errors
from journeys.graph import Edge, Graph, Node
from journeys.nodes import node_types
from journeys.nodes.base import NodeType, Outlet

# --- reading a graph ------------------------------------------------------------------------------


def outlets_of(node: Node) -> list[Outlet]:
    node_type = node_types.get(node.kind)
    return node_type.outlets(node.params) if node_type else []


def name_of(node: Node) -> str:
    """What the canvas calls a node: its label, else its type."""
    node_type = node_types.get(node.kind)
    return node.label or (str(node_type.label) if node_type else node.kind)


def start_of(graph: Graph) -> Node | None:
    """The node where people come in: the first root that may start, else the first root."""
    roots = graph.roots()
    starts = (r for r in roots if (t := node_types.get(r.kind)) and t.can_start)
    return next(starts, roots[0] if roots else None)


def wrongly_parallel(graph: Graph) -> set[tuple[str, str]]:
    """(source, target) of branches that stand beside others without being allowed to."""
    branches: dict[tuple[str, str], list[str]] = {}
    for edge in graph.edges:
        branches.setdefault((edge.src, edge.outlet), []).append(edge.dst)
    return {
        (src, target)
        for (src, _outlet), targets in branches.items()
        if len(targets) > 1
        for target in targets
        if not can_be_parallel(graph.nodes.get(target))
    }


def can_be_parallel(node: Node | None) -> bool:
    node_type = node_types.get(node.kind) if node else None
    return bool(node_type and node_type.can_be_parallel)


# --- reading an operation -------------------------------------------------------------------------


def wanted_type(operation: dict) -> type[NodeType]:
    node_type = node_types.get(str(operation.get("kind")))
    if node_type is None:
        raise errors.BadOperation(_("There is no activity of this kind."))
    return node_type


def wanted_node(graph: Graph, operation: dict, field: str = "node") -> Node:
    node = graph.nodes.get(str(operation.get(field)))
    if node is None:
        raise errors.BadOperation(_("This activity is not on the canvas any more."))
    return node


def wanted_edge(graph: Graph, operation: dict) -> Edge:
    edge = next((e for e in graph.edges if e.id == operation.get("edge")), None)
    if edge is None:
        raise errors.BadOperation(_("This connection is not on the canvas any more."))
    return edge


def wanted_outlet(graph: Graph, operation: dict) -> tuple[Node, Outlet]:
    """The node `at` and its way out `outlet`; without a name the first one that is free."""
    node = wanted_node(graph, operation, "at")
    outlets = outlets_of(node)
    name = operation.get("outlet")
    if name:
        outlet = next((o for o in outlets if o.name == name), None)
    else:
        outlet = next((o for o in outlets if not graph.out(node.id, o.name)), None)
    if outlet is None:
        raise errors.BadOperation(_("“%(name)s” has no free path.") % {"name": name_of(node)})
    return node, outlet


def an_object(value: object) -> dict:
    """Settings arrive as an object, or as its JSON text from a form."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            value = ""
    if not isinstance(value, dict | None):
        raise errors.BadOperation(_("Settings must be an object."))
    return value or {}


# --- cutting and stitching ------------------------------------------------------------------------


def with_node(graph: Graph, node: Node) -> Graph:
    return Graph({**graph.nodes, node.id: node}, graph.edges)


def without(graph: Graph, node_ids: set[str]) -> Graph:
    """The graph without these nodes and every edge that touches them."""
    return Graph(
        {node_id: node for node_id, node in graph.nodes.items() if node_id not in node_ids},
        tuple(e for e in graph.edges if e.src not in node_ids and e.dst not in node_ids),
    )


def bridged(graph: Graph, node: Node, leaving: list[Edge]) -> Graph:
    """The node cut loose; what led to it leads to where it led. The edges that came in keep their ids."""
    edges, seen = [], set()
    for edge in graph.edges:
        if edge.src == node.id:
            continue
        if edge.dst != node.id:
            edges.append(edge)
        elif leaving:
            edges.append(replace(edge, dst=leaving[0].dst))
    unique = [e for e in edges if (key := (e.src, e.outlet, e.dst)) not in seen and not seen.add(key)]
    return replace(graph, edges=tuple(unique))


def placed(graph: Graph, node: Node, operation: dict) -> Graph:
    """The graph with a loose node put on `edge`, at the outlet `at`/`outlet`, or before the start."""
    outlets = outlets_of(node)
    if operation.get("edge"):
        edge = wanted_edge(graph, operation)
        if not outlets:
            raise errors.BadOperation(
                _("“%(name)s” ends a path, so it can only stand where a path is open.")
                % {"name": name_of(node)}
            )
        onward = Edge(free_edge_id(graph), node.id, outlets[0].name, edge.dst)
        index = graph.edges.index(edge)
        edges = (*graph.edges[:index], replace(edge, dst=node.id), *graph.edges[index + 1 :], onward)
        return replace(graph, edges=edges)
    if operation.get("at"):
        src, outlet = wanted_outlet(graph, operation)
        if src.id == node.id:
            raise errors.BadOperation(_("An activity cannot be moved behind itself."))
        if taken := graph.out(src.id, outlet.name):
            return placed(graph, node, {"edge": taken[0].id})
        return replace(graph, edges=(*graph.edges, Edge(free_edge_id(graph), src.id, outlet.name, node.id)))
    return placed_first(graph, node)


def placed_first(graph: Graph, node: Node) -> Graph:
    others = Graph({key: other for key, other in graph.nodes.items() if key != node.id}, graph.edges)
    start = start_of(others)
    if start is None:
        return graph
    node_type, outlets = node_types[node.kind], outlets_of(node)
    if not node_type.can_start or not outlets:
        raise errors.BadOperation(_("“%(name)s” cannot be the first activity.") % {"name": name_of(node)})
    edge = Edge(free_edge_id(graph), node.id, outlets[0].name, start.id)
    return Graph({node.id: node, **others.nodes}, (*graph.edges, edge))


def free_node_id(graph: Graph) -> str:
    return f"n{_highest(graph.nodes) + 1}"


def free_edge_id(graph: Graph) -> str:
    return f"e{_highest(e.id for e in graph.edges) + 1}"


def _highest(ids) -> int:
    return max((int(m.group()) for i in ids if (m := re.search(r"\d+$", i))), default=0)
