"""The edits of a graph: one function each, from a graph to a graph. Nothing here touches the database.

Each takes the graph and the operation's fields and answers a `Change`; what is not possible raises
`BadOperation` with a sentence for the person who tried. `PROMISES` hold after every edit.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from journeys import errors
from journeys.graph import MAX_NODES, Edge, Graph, Node
from journeys.nodes.base import NodeType
from journeys.placing import (
    an_object,
    bridged,
    free_edge_id,
    free_node_id,
    name_of,
    outlets_of,
    placed,
    wanted_edge,
    wanted_node,
    wanted_outlet,
    wanted_type,
    with_node,
    without,
    wrongly_parallel,
)


@dataclass(frozen=True)
class Change:
    """The graph after an edit, what was done in a sentence, and the node to select."""

    graph: Graph
    description: str
    selected: str | None = None


def perform(graph: Graph, operation: dict) -> Change:
    """Do the operation named by `op`; raises BadOperation and changes nothing when it is not possible."""
    edit = OPERATIONS.get(str(operation.get("op")))
    if edit is None:
        raise errors.BadOperation(_("There is no edit of this name."))
    change = edit(graph, operation)
    for promise in PROMISES:
        promise(graph, change.graph)
    return change


# --- the edits ------------------------------------------------------------------------------------


def insert(graph: Graph, operation: dict) -> Change:
    """A new node: on an edge, at an open outlet, before the start, or as the first of all."""
    node_type = wanted_type(operation)
    node = new_node(graph, node_type, operation)
    if not graph.nodes and not node_type.can_start:
        raise errors.BadOperation(_("A journey starts with an event. Add one first."))
    changed = placed(with_node(graph, node), node, operation)
    return Change(changed, _("%(name)s added.") % {"name": name_of(node)}, node.id)


def new_node(graph: Graph, node_type: type[NodeType], operation: dict) -> Node:
    """A node with the settings its form proposes, and those the palette item sets."""
    fields = node_type.Params.base_fields
    proposed = {name: field.initial for name, field in fields.items() if field.initial is not None}
    return Node(
        id=free_node_id(graph),
        kind=node_type.kind,
        label=str(operation.get("label") or "")[:120],
        params=proposed | an_object(operation.get("params")),
    )


def insert_beside(graph: Graph, operation: dict) -> Change:
    """A new parallel branch: a node beside another one, after the same outlet."""
    beside = wanted_node(graph, operation)
    node_type = wanted_type(operation)
    entering = graph.into(beside.id)
    if len(entering) != 1:
        raise errors.BadOperation(
            _("Beside “%(name)s” there is no place: exactly one path must lead to it.")
            % {"name": name_of(beside)}
        )
    node = new_node(graph, node_type, operation)
    edge = Edge(free_edge_id(graph), entering[0].src, entering[0].outlet, node.id)
    position = graph.edges.index(entering[0]) + 1
    edges = (*graph.edges[:position], edge, *graph.edges[position:])
    changed = replace(with_node(graph, node), edges=edges)
    return Change(changed, _("%(name)s added as a parallel path.") % {"name": name_of(node)}, node.id)


def move(graph: Graph, operation: dict) -> Change:
    """Take a node out of its place and put it on an edge or an open outlet. With several paths after it, it
    takes what follows along, and then needs an open outlet."""
    node = wanted_node(graph, operation)
    edge_id = operation.get("edge")
    if edge_id and node.id in {e.dst for e in graph.edges if e.id == edge_id} | {
        e.src for e in graph.edges if e.id == edge_id
    }:
        raise errors.BadOperation(_("“%(name)s” is there already.") % {"name": name_of(node)})
    if len(graph.out(node.id)) > 1:
        return _move_branch(graph, node, operation)
    taken_out = bridged(graph, node, graph.out(node.id)[:1])
    changed = placed(with_node(taken_out, node), node, operation)
    return Change(changed, _("%(name)s moved.") % {"name": name_of(node)}, node.id)


def _move_branch(graph: Graph, node: Node, operation: dict) -> Change:
    if operation.get("edge"):
        raise errors.BadOperation(
            _("“%(name)s” has several paths. Drop it where a path is open: what follows moves along.")
            % {"name": name_of(node)}
        )
    src, outlet = wanted_outlet(graph, operation)
    if graph.out(src.id, outlet.name):
        raise errors.BadOperation(_("This path is not open any more."))
    if src.id in graph.reachable(node.id):
        raise errors.BadOperation(_("An activity cannot be moved behind itself."))
    edges = tuple(e for e in graph.edges if e.dst != node.id)
    edge = Edge(free_edge_id(graph), src.id, outlet.name, node.id)
    moved = replace(graph, edges=(*edges, edge))
    return Change(moved, _("%(name)s moved, with what follows.") % {"name": name_of(node)}, node.id)


def delete(graph: Graph, operation: dict) -> Change:
    """Take a node away. `keep`: the edge whose path closes the gap (needed when there are several), or
    `none`: what only this node leads to goes as well."""
    node = wanted_node(graph, operation)
    leaving, keep = graph.out(node.id), str(operation.get("keep") or "")
    before = next(iter(graph.into(node.id)), None)
    if len(leaving) > 1 and not keep:
        raise errors.BadOperation(
            _("“%(name)s” has several paths. Say which one to keep.") % {"name": name_of(node)}
        )
    kept = [] if keep == "none" else [edge for edge in leaving if not keep or edge.id == keep]
    if keep not in ("", "none") and not kept:
        raise errors.BadOperation(_("The path to keep is not there any more."))
    loose = without(bridged(graph, node, kept), {node.id})
    changed = without(loose, lost_without(graph, loose, node.id, kept))
    description = _("%(name)s and what follows deleted.") if keep == "none" else _("%(name)s deleted.")
    selected = before.src if before and before.src in changed.nodes else None
    return Change(changed, description % {"name": name_of(node)}, selected)


def lost_without(graph: Graph, loose: Graph, node_id: str, kept: list[Edge]) -> set[str]:
    """What only the node led to: no start and no kept path reaches it once the node is gone."""
    begins = [root.id for root in graph.roots() if root.id != node_id] + [edge.dst for edge in kept]
    reached = set().union(*(loose.reachable(begin) for begin in begins))
    return graph.reachable(node_id) - {node_id} - reached


def connect(graph: Graph, operation: dict) -> Change:
    """Lead an outlet to a node that exists: branches meet again, or lost nodes are reached again."""
    src, outlet = wanted_outlet(graph, operation)
    target = wanted_node(graph, operation, "target")
    if any(e.dst == target.id for e in graph.out(src.id, outlet.name)):
        raise errors.BadOperation(_("These two are connected already."))
    if src.id in graph.reachable(target.id):
        raise errors.BadOperation(_("This would lead in a circle. A journey only goes forward."))
    edge = Edge(free_edge_id(graph), src.id, outlet.name, target.id)
    changed = replace(graph, edges=(*graph.edges, edge))
    names = {"from": name_of(src), "to": name_of(target)}
    return Change(changed, _("%(from)s connected to %(to)s.") % names, src.id)


def disconnect(graph: Graph, operation: dict) -> Change:
    edge = wanted_edge(graph, operation)
    changed = replace(graph, edges=tuple(e for e in graph.edges if e.id != edge.id))
    return Change(changed, _("Connection removed."), edge.src)


def update(graph: Graph, operation: dict) -> Change:
    """New settings or label of a node. Paths that are gone leave what they led to unconnected."""
    node = wanted_node(graph, operation)
    label = str(operation.get("label", node.label))[:120].strip()
    params = an_object(operation.get("params")) if "params" in operation else node.params
    changed_node = replace(node, label=label, params=params)
    known = {o.name for o in outlets_of(changed_node)} | {"error"}
    gone = [e for e in graph.out(node.id) if e.outlet not in known]
    edges = tuple(e for e in graph.edges if e not in gone)
    changed = Graph({**graph.nodes, node.id: changed_node}, edges)
    name = name_of(changed_node)
    if gone:
        return Change(
            changed,
            _("%(name)s changed; what followed the removed path is no longer connected.") % {"name": name},
            node.id,
        )
    return Change(changed, _("%(name)s changed.") % {"name": name}, node.id)


def rename(graph: Graph, operation: dict) -> Change:
    """A new label; the settings stay."""
    node = wanted_node(graph, operation)
    return update(graph, {"node": node.id, "label": operation.get("label", "")})


def duplicate(graph: Graph, operation: dict) -> Change:
    """A copy of a node right after it."""
    node = wanted_node(graph, operation)
    return _paste_after(graph, node, node)


def paste(graph: Graph, operation: dict) -> Change:
    """A copied node (`clip`: kind, label, params), on an edge, at an open outlet, or `after` a node."""
    clip = an_object(operation.get("clip"))
    node_type = wanted_type(clip)
    copied = Node("", node_type.kind, str(clip.get("label") or ""), an_object(clip.get("params")))
    if operation.get("after"):
        return _paste_after(graph, copied, wanted_node(graph, operation, "after"))
    if not graph.nodes and not node_type.can_start:
        raise errors.BadOperation(_("A journey starts with an event. Add one first."))
    node = replace(copied, id=free_node_id(graph))
    return Change(
        placed(with_node(graph, node), node, operation),
        _("%(name)s pasted.") % {"name": name_of(node)},
        node.id,
    )


def _paste_after(graph: Graph, copied: Node, after: Node) -> Change:
    outlets = outlets_of(after)
    if not outlets:
        raise errors.BadOperation(_("Nothing can follow “%(name)s”.") % {"name": name_of(after)})
    node = replace(copied, id=free_node_id(graph))
    leaving = graph.out(after.id, outlets[0].name)
    place = {"edge": leaving[0].id} if leaving else {"at": after.id, "outlet": outlets[0].name}
    changed = placed(with_node(graph, node), node, place)
    return Change(changed, _("%(name)s pasted.") % {"name": name_of(node)}, node.id)


OPERATIONS: dict[str, Callable[[Graph, dict], Change]] = {
    "insert": insert,
    "insert-beside": insert_beside,
    "move": move,
    "delete": delete,
    "connect": connect,
    "disconnect": disconnect,
    "update": update,
    "rename": rename,
    "duplicate": duplicate,
    "paste": paste,
}


# --- what every edit keeps ------------------------------------------------------------------------


def stays_within_limit(before: Graph, after: Graph) -> None:
    if len(after.nodes) > MAX_NODES and len(after.nodes) > len(before.nodes):
        raise errors.BadOperation(_("A journey has at most %(limit)d activities.") % {"limit": MAX_NODES})


def has_no_dangling_edge(before: Graph, after: Graph) -> None:
    if any(e.src not in after.nodes or e.dst not in after.nodes for e in after.edges):
        raise errors.BadOperation(_("This would leave a connection that leads nowhere."))


def goes_forward(before: Graph, after: Graph) -> None:
    if after.topological() is None:
        raise errors.BadOperation(_("This would lead in a circle. A journey only goes forward."))


def parallel_paths_are_legal(before: Graph, after: Graph) -> None:
    """Only what was illegal before may still be: an old mistake must not forbid mending something else."""
    if wrong := wrongly_parallel(after) - wrongly_parallel(before):
        name = name_of(after.nodes[sorted(wrong)[0][1]])
        raise errors.BadOperation(
            _("Only waits and events can stand side by side after the same path; “%(name)s” cannot.")
            % {"name": name}
        )


PROMISES = [stays_within_limit, has_no_dangling_edge, goes_forward, parallel_paths_are_legal]
