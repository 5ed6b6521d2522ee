"""The graph of a journey as plain data.

JSON form, kept in `JourneyVersion.graph`:

    {"nodes": {"n1": {"kind": "unitary_event", "label": "Signed up", "params": {...}}, ...},
     "edges": [{"id": "e1", "src": "n1", "outlet": "next", "dst": "n2"}, ...]}

The order of edges with the same source and outlet is the order of parallel branches; the order of a node's
outlets (the way its paths are tried) is the node's own affair.
"""

import re
from collections import deque
from dataclasses import dataclass, field

MAX_NODES = 50
NAME = re.compile(r"^[A-Za-z0-9_-]{1,40}$")  # of nodes and outlets


@dataclass(frozen=True)
class Node:
    """One step of the graph. `params` is what the node's form takes."""

    id: str
    kind: str
    label: str = ""
    params: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """A way from an outlet of one node to another node."""

    id: str
    src: str
    outlet: str
    dst: str


class MalformedGraph(ValueError):
    """The JSON is not a graph at all. Its text says what is wrong and where."""


@dataclass(frozen=True)
class Graph:
    """Nodes by id, in the order they were added, and edges in branch order."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @classmethod
    def from_json(cls, data: object) -> "Graph":
        """Read the JSON form; MalformedGraph when its shape is wrong. Meaning is checked by `journeys.checks`."""
        if not isinstance(data, dict):
            raise MalformedGraph("A graph is an object with nodes and edges.")
        raw_nodes, raw_edges = data.get("nodes", {}), data.get("edges", [])
        if not isinstance(raw_nodes, dict) or not isinstance(raw_edges, list):
            raise MalformedGraph("nodes must be an object and edges a list.")
        nodes = {}
        for node_id, raw in raw_nodes.items():
            if not NAME.match(node_id):
                raise MalformedGraph(f"Node id {node_id[:60]!r}: use letters, digits, - and _, at most 40.")
            if not isinstance(raw, dict) or not isinstance(raw.get("kind"), str):
                raise MalformedGraph(f"Node {node_id} needs a kind.")
            label, params = raw.get("label") or "", raw.get("params") or {}
            if not isinstance(label, str) or not isinstance(params, dict):
                raise MalformedGraph(f"Node {node_id}: label must be a text and params an object.")
            nodes[node_id] = Node(id=node_id, kind=raw["kind"], label=label, params=params)
        edges = []
        for index, raw in enumerate(raw_edges):
            if not isinstance(raw, dict) or not all(isinstance(raw.get(k), str) for k in ("src", "dst")):
                raise MalformedGraph(f"Edge {index} needs src and dst.")
            outlet, edge_id = raw.get("outlet") or "next", raw.get("id") or f"e{index + 1}"
            if not isinstance(outlet, str) or not isinstance(edge_id, str):
                raise MalformedGraph(f"Edge {index}: id and outlet must be texts.")
            if not NAME.match(outlet):
                raise MalformedGraph(f"Edge {index}: outlet {outlet[:60]!r} is not a name.")
            edges.append(Edge(id=edge_id, src=raw["src"], outlet=outlet, dst=raw["dst"]))
        return cls(nodes=nodes, edges=tuple(edges))

    def to_json(self) -> dict:
        return {
            "nodes": {
                n.id: {"kind": n.kind, "label": n.label, "params": n.params} for n in self.nodes.values()
            },
            "edges": [{"id": e.id, "src": e.src, "outlet": e.outlet, "dst": e.dst} for e in self.edges],
        }

    def out(self, node_id: str, outlet: str | None = None) -> list[Edge]:
        """The edges that leave a node (by one outlet)."""
        return [e for e in self.edges if e.src == node_id and (outlet is None or e.outlet == outlet)]

    def into(self, node_id: str) -> list[Edge]:
        return [e for e in self.edges if e.dst == node_id]

    def roots(self) -> list[Node]:
        """Nodes that no edge leads to, in order."""
        reached = {e.dst for e in self.edges}
        return [n for n in self.nodes.values() if n.id not in reached]

    def topological(self) -> list[str] | None:
        """Node ids so that every edge goes forward; None when there is a cycle."""
        waiting = dict.fromkeys(self.nodes, 0)
        leaving: dict[str, list[str]] = {node_id: [] for node_id in self.nodes}
        for edge in self.edges:
            if edge.src in waiting and edge.dst in waiting:
                waiting[edge.dst] += 1
                leaving[edge.src].append(edge.dst)
        ready = deque(node_id for node_id, count in waiting.items() if count == 0)
        order = []
        while ready:
            node_id = ready.popleft()
            order.append(node_id)
            for target in leaving[node_id]:
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        return order if len(order) == len(self.nodes) else None

    def reachable(self, start: str) -> set[str]:
        """The nodes that can be reached from a node, itself included."""
        seen, todo = {start}, [start]
        while todo:
            for edge in self.out(todo.pop()):
                if edge.dst not in seen:
                    seen.add(edge.dst)
                    todo.append(edge.dst)
        return seen
