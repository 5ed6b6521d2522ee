"""What the canvas shows of a version: nodes, lines, open ends, palette, problems and counts."""

from dataclasses import dataclass, field

from django.db.models import Sum
from django.forms.utils import pretty_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ajo.core.models import Sandbox
from journeys import drafts
from journeys.checks import Problem, find_problems
from journeys.graph import MAX_NODES, Graph, Node
from journeys.layout import Box, Line, OpenEnd, layout
from journeys.models import JourneyVersion, NodeTally
from journeys.nodes import node_types
from journeys.nodes.base import NodeType, Outlet, PaletteItem
from journeys.placing import can_be_parallel, name_of, outlets_of, start_of, wrongly_parallel

CATEGORIES = [
    ("events", gettext_lazy("Events")),
    ("orchestration", gettext_lazy("Orchestration")),
    ("actions", gettext_lazy("Actions")),
]


@dataclass
class DrawnNode:
    """A node on the canvas."""

    node: Node
    node_type: type[NodeType] | None
    box: Box
    name: str
    summary: str
    problems: list[Problem] = field(default_factory=list)
    is_connected: bool = True
    level: int = 1
    open_outlet: str | None = None  # the first way out that leads nowhere yet
    first_edge: str | None = None
    asks_before_delete: bool = False
    takes_parallel: bool = False
    counts: dict | None = None

    @property
    def is_small(self) -> bool:
        return not outlets_of(self.node)

    @property
    def worst(self) -> str:
        return (
            "error"
            if any(p.severity == "error" for p in self.problems)
            else "warning"
            if self.problems
            else ""
        )


@dataclass
class DrawnLine:
    """A connection on the canvas."""

    id: str
    src: str
    dst: str
    outlet: str
    label: str
    line: Line
    title: str
    count: int | None = None


@dataclass
class Drawing:
    """The whole picture."""

    version: JourneyVersion
    graph: Graph
    nodes: list[DrawnNode]
    lines: list[DrawnLine]
    ends: list[OpenEnd]
    width: float
    height: float
    problems: list[Problem]
    can_edit: bool
    limit: int = MAX_NODES

    @property
    def errors(self) -> list[Problem]:
        return [p for p in self.problems if p.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        return [p for p in self.problems if p.severity != "error"]

    @property
    def is_draft(self) -> bool:
        return self.version.status == JourneyVersion.Status.DRAFT

    @property
    def can_undo(self) -> bool:
        return self.can_edit and drafts.can_undo(self.version)

    @property
    def can_redo(self) -> bool:
        return self.can_edit and drafts.can_redo(self.version)


def draw(version: JourneyVersion, *, sandbox: Sandbox, can_edit: bool) -> Drawing:
    graph = Graph.from_json(version.graph)
    picture = layout(graph, outlets_of)
    is_draft = version.status == JourneyVersion.Status.DRAFT
    problems = find_problems(graph, sandbox=sandbox) if is_draft else []
    counts = {} if is_draft else totals(version.pk)
    nodes = _nodes(graph, picture.nodes, problems)
    names = {node.id: name_of(node) for node in graph.nodes.values()}
    lines = [
        DrawnLine(
            id=edge.id,
            src=edge.src,
            dst=edge.dst,
            outlet=edge.outlet,
            label=_outlet(graph.nodes[edge.src], edge.outlet).label,
            line=picture.lines[edge.id],
            title=_("Insert between %(from)s and %(to)s") % {"from": names[edge.src], "to": names[edge.dst]},
            count=counts.get(edge.src, {}).get("outlets", {}).get(edge.outlet) if counts else None,
        )
        for edge in graph.edges
    ]
    if not is_draft:
        for drawn in nodes:
            drawn.counts = counts.get(drawn.node.id) or {"entered": 0, "waiting": 0, "errors": 0}
    return Drawing(
        version=version,
        graph=graph,
        nodes=nodes,
        lines=lines,
        ends=picture.ends,
        width=picture.width,
        height=picture.height,
        problems=problems,
        can_edit=can_edit and is_draft,
    )


def _nodes(graph: Graph, boxes: dict[str, Box], problems: list[Problem]) -> list[DrawnNode]:
    start = start_of(graph)
    reached = graph.reachable(start.id) if start else set()
    level: dict[str, int] = {}
    order = graph.topological() or list(graph.nodes)
    illegal_after = {target for _src, target in wrongly_parallel(graph)}
    drawn = []
    for node_id in order:
        node = graph.nodes[node_id]
        node_type = node_types.get(node.kind)
        level[node_id] = max((level[e.src] + 1 for e in graph.into(node_id)), default=1)
        leaving = graph.out(node_id)
        free = (o.name for o in outlets_of(node) if not graph.out(node_id, o.name))
        drawn.append(
            DrawnNode(
                node=node,
                node_type=node_type,
                box=boxes[node_id],
                name=name_of(node),
                summary=_summary(node, node_type),
                problems=[p for p in problems if p.node_id == node_id],
                is_connected=node_id in reached,
                level=level[node_id],
                open_outlet=next(free, None),
                first_edge=leaving[0].id if leaving else None,
                asks_before_delete=len(leaving) > 1 or _closes_illegally(graph, node_id),
                takes_parallel=can_be_parallel(node)
                and len(graph.into(node_id)) == 1
                and node_id not in illegal_after,
            )
        )
    return sorted(drawn, key=lambda d: (d.box.x, d.box.y))


def listed(drawing: Drawing) -> list[dict]:
    """The problems as the list shows them: with the names that are on the screen."""
    by_id = {drawn.node.id: drawn for drawn in drawing.nodes}
    return [
        {
            "problem": problem,
            "name": by_id[problem.node_id].name if problem.node_id in by_id else _("Journey"),
            "field": _field_label(by_id.get(problem.node_id), problem.field),
        }
        for problem in drawing.problems
    ]


def _field_label(drawn: DrawnNode | None, field_name: str | None) -> str:
    fields = drawn.node_type.Params.base_fields if drawn and drawn.node_type else {}
    if field_name not in fields:
        return ""
    return str(fields[field_name].label or pretty_name(field_name))


def _closes_illegally(graph: Graph, node_id: str) -> bool:
    """Whether what follows may not take the node's place beside its siblings."""
    leaving = graph.out(node_id)
    beside = any(len(graph.out(e.src, e.outlet)) > 1 for e in graph.into(node_id))
    return bool(leaving and beside and not can_be_parallel(graph.nodes[leaving[0].dst]))


def _summary(node: Node, node_type: type[NodeType] | None) -> str:
    if node_type is None:
        return _("Unknown activity")
    sentence = node_type.describe(node.params)
    if node.label and node.label != node_type.label:
        return f"{node_type.label} · {sentence}" if sentence else str(node_type.label)
    return sentence or str(node_type.label)


def _outlet(node: Node, name: str) -> Outlet:
    return next((o for o in outlets_of(node) if o.name == name), Outlet(name, name))


def totals(version_id: int) -> dict[str, dict]:
    """Counts by node: how many came in, are there now, failed, and left by each way out."""
    rows = (
        NodeTally.objects.filter(version_id=version_id)
        .values("node_id", "outlet")
        .annotate(entered_sum=Sum("entered"), exited_sum=Sum("exited"), errors_sum=Sum("errors"))
    )
    counts: dict[str, dict] = {}
    for row in rows:
        of_node = counts.setdefault(row["node_id"], {"entered": 0, "waiting": 0, "errors": 0, "outlets": {}})
        if row["outlet"]:
            of_node["outlets"][row["outlet"]] = row["exited_sum"] or row["entered_sum"]
        else:
            of_node["entered"] = row["entered_sum"]
            of_node["errors"] = row["errors_sum"]
            of_node["waiting"] = max(0, row["entered_sum"] - row["exited_sum"] - row["errors_sum"])
    return counts


@dataclass
class PaletteGroup:
    name: str
    label: str
    items: list[tuple[type[NodeType], PaletteItem]]


def palette(sandbox: Sandbox) -> list[PaletteGroup]:
    """What can be put on the canvas, by category; a category nobody knows yet stands last."""
    groups = {name: PaletteGroup(name, label, []) for name, label in CATEGORIES}
    for node_type in sorted(node_types, key=lambda t: t.is_end):
        group = groups.setdefault(
            node_type.category, PaletteGroup(node_type.category, node_type.category.capitalize(), [])
        )
        group.items += [(node_type, item) for item in node_type.palette(sandbox)]
    return [group for group in groups.values() if group.items]
