"""Where everything stands on the canvas: a tidy picture of a graph, the same for everybody.

Time runs from left to right: a node's column is its longest way from the start. The order from top to bottom
is the order of outlets, because it is meaning: the first path that fits wins. Every step is linear.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from journeys.graph import Edge, Graph, Node
from journeys.nodes.base import Outlet

NODE_WIDTH, NODE_HEIGHT = 220, 64
END_WIDTH, END_HEIGHT = 112, 36  # nodes without a way out, and the ends drawn at open outlets
GAP, LABELLED_GAP = 72, 176  # between columns; room for the pill with the path's name
ROW = 98
MARGIN = 48
CORNER = 10


@dataclass(frozen=True)
class Box:
    """A place on the canvas: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def middle(self) -> float:
        return self.y + self.h / 2

    @property
    def right(self) -> float:
        return self.x + self.w


@dataclass(frozen=True)
class Line:
    """A connection: the SVG path, where its label begins, and where its `+` stands."""

    path: str
    label_x: float
    label_y: float
    plus_x: float
    plus_y: float


@dataclass(frozen=True)
class OpenEnd:
    """An outlet that leads nowhere: the journey ends there for whoever comes out of it."""

    node_id: str
    outlet: Outlet
    box: Box
    line: Line

    @property
    def id(self) -> str:
        return f"end-{self.node_id}-{self.outlet.name}"


@dataclass(frozen=True)
class Layout:
    nodes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    ends: list[OpenEnd] = field(default_factory=list)
    width: float = 0
    height: float = 0


@dataclass
class _Spot:
    """A node or an open end while it is being placed."""

    id: str
    is_small: bool
    out: list[tuple[str, Outlet, str]] = field(default_factory=list)  # edge id, outlet, target spot
    column: int = 0
    row: float = 0.0
    children: list[str] = field(default_factory=list)


def layout(graph: Graph, outlets: Callable[[Node], list[Outlet]]) -> Layout:
    """Places for all nodes, edges and open ends. A graph with a circle has no picture: ValueError."""
    order = graph.topological()
    if order is None:
        raise ValueError("A graph with a circle has no layout.")
    if not order:
        return Layout()
    spots, ends = _spots(graph, outlets)
    parents = _columns(spots, [*order, *ends])
    roots = [spot_id for spot_id in spots if spot_id not in parents]
    _hang(spots, parents)
    _rows(spots, roots)
    left = _column_edges(spots)
    boxes = {spot.id: _box(spot, left) for spot in spots.values()}
    lines = {
        edge_id: _line(
            boxes[spot.id],
            boxes[target],
            boxes.get(f"lane-{edge_id}"),
            joins=parents[target] != spot.id,
            is_labelled=bool(outlet.label),
        )
        for spot in spots.values()
        for edge_id, outlet, target in spot.out
    }
    return Layout(
        nodes={node_id: boxes[node_id] for node_id in graph.nodes},
        lines={edge.id: lines[edge.id] for edge in graph.edges if edge.id in lines},
        ends=[OpenEnd(node_id, outlet, boxes[end], lines[end]) for end, (node_id, outlet) in ends.items()],
        width=max(box.right for box in boxes.values()) + MARGIN,
        height=max(box.y + box.h for box in boxes.values()) + MARGIN,
    )


def _spots(
    graph: Graph, outlets: Callable[[Node], list[Outlet]]
) -> tuple[dict[str, _Spot], dict[str, tuple[str, Outlet]]]:
    """Nodes and open ends with their ways out in order; edges of outlets that no longer exist come last."""
    by_outlet: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        if edge.src in graph.nodes and edge.dst in graph.nodes:
            by_outlet.setdefault((edge.src, edge.outlet), []).append(edge)
    lost: dict[str, list[Edge]] = {}
    spots, ends = {}, {}
    known = {node.id: outlets(node) for node in graph.nodes.values()}
    for (src, name), edges in by_outlet.items():
        if name not in {outlet.name for outlet in known[src]}:
            lost.setdefault(src, []).extend(edges)
    for node in graph.nodes.values():
        spot = spots[node.id] = _Spot(node.id, is_small=not known[node.id])
        for outlet in known[node.id]:
            edges = by_outlet.get((node.id, outlet.name), [])
            spot.out += [(edge.id, outlet, edge.dst) for edge in edges]
            if not edges:
                end = f"end-{node.id}-{outlet.name}"
                spot.out.append((end, outlet, end))
                ends[end] = (node.id, outlet)
        spot.out += [(e.id, Outlet(e.outlet, e.outlet), e.dst) for e in lost.get(node.id, [])]
    spots |= {end: _Spot(end, is_small=True) for end in ends}
    return spots, ends


def _columns(spots: dict[str, _Spot], order: Iterable[str]) -> dict[str, str]:
    """The longest way from a start, and the neighbour each spot hangs on: the one that is furthest on."""
    parents: dict[str, str] = {}
    for spot_id in order:
        spot = spots[spot_id]
        for _, _, target in spot.out:
            other = spots[target]
            if target not in parents or spot.column + 1 > other.column:
                parents[target] = spot_id
            other.column = max(other.column, spot.column + 1)
    return parents


def _hang(spots: dict[str, _Spot], parents: dict[str, str]) -> None:
    """Each spot's children in the order of its ways out. A way that only joins another branch gets an empty
    lane in its place, so that it keeps its row and no two lines lie on each other."""
    lanes = {}
    for spot in spots.values():
        hung = set()
        for edge_id, _, target in spot.out:
            if parents[target] == spot.id and target not in hung:
                hung.add(target)
                spot.children.append(target)
            elif len(spot.out) > 1:
                lane = _Spot(f"lane-{edge_id}", is_small=True, column=spot.column + 1)
                lanes[lane.id] = lane
                spot.children.append(lane.id)
    spots |= lanes


def _rows(spots: dict[str, _Spot], roots: list[str]) -> None:
    """Leaves take a row each, from top to bottom; everything else stands in the middle of its children."""
    next_row = 0
    for root in roots:
        todo = [(root, False)]
        while todo:
            spot_id, is_done = todo.pop()
            spot = spots[spot_id]
            if not spot.children:
                spot.row = next_row
                next_row += 1
            elif is_done:
                spot.row = (spots[spot.children[0]].row + spots[spot.children[-1]].row) / 2
            else:
                todo.append((spot_id, True))
                todo += [(child, False) for child in reversed(spot.children)]


def _column_edges(spots: dict[str, _Spot]) -> list[float]:
    """The left edge of each column; columns after labelled paths stand further away."""
    columns = max(spot.column for spot in spots.values()) + 1
    labelled = {s.column for s in spots.values() if any(outlet.label for _, outlet, _ in s.out)}
    left = [float(MARGIN)]
    for column in range(columns - 1):
        left.append(left[-1] + NODE_WIDTH + (LABELLED_GAP if column in labelled else GAP))
    return left


def _box(spot: _Spot, left: list[float]) -> Box:
    w, h = (END_WIDTH, END_HEIGHT) if spot.is_small else (NODE_WIDTH, NODE_HEIGHT)
    return Box(left[spot.column], MARGIN + spot.row * ROW + (NODE_HEIGHT - h) / 2, w, h)


def _line(start: Box, end: Box, lane: Box | None, *, joins: bool, is_labelled: bool) -> Line:
    """From right edge to left edge. It turns close to its start; what only joins another branch runs along a
    row of its own (`lane`, or its start's row) and turns close to its end."""
    x1, y1, x2, y2 = start.right, start.middle, end.x, end.middle
    row = lane.middle if lane else y1 if joins else y2
    first, last = x1 + 26, x2 - 26
    points = [(x1, y1), (first, y1), (first, row), (last, row), (last, y2), (x2, y2)]
    label_x = first + 14 if is_labelled else 0
    if joins:
        plus_x = last - 22 if is_labelled else (x1 + last) / 2
    else:
        plus_x = x2 - 30 if is_labelled or row != y1 else (x1 + x2) / 2
    return Line(_rounded(points), label_x, row, plus_x, row)


def _rounded(points: list[tuple[float, float]]) -> str:
    """An SVG path through the points, with round corners."""
    corners = [p for a, p, b in zip(points, points[1:], points[2:], strict=False) if not _in_line(a, p, b)]
    stops = [points[0], *corners, points[-1]]
    path = f"M{stops[0][0]:g} {stops[0][1]:g}"
    for before, corner, after in zip(stops, stops[1:], stops[2:], strict=False):
        (ax, ay), (bx, by) = _towards(corner, before), _towards(corner, after)
        path += f"L{ax:g} {ay:g}Q{corner[0]:g} {corner[1]:g} {bx:g} {by:g}"
    return path + f"L{stops[-1][0]:g} {stops[-1][1]:g}"


def _in_line(a: tuple[float, float], p: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] == p[0] == b[0] or a[1] == p[1] == b[1]


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The point where the curve of a corner begins, on the way to its neighbour."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    reach = min(CORNER, length / 2) / length if length else 0
    return corner[0] + dx * reach, corner[1] + dy * reach
