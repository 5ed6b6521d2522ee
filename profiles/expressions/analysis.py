"""What an expression reads and how it can be evaluated, found without running it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from profiles.expressions import ast
from profiles.expressions.dates import FIRST, add_units
from profiles.expressions.evaluate import compile
from profiles.expressions.functions import TABLE
from profiles.expressions.windows import window_of

DAY = timedelta(hours=24)
NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)
CLOCK_PARTS = frozenset(("currentMonth", "currentYear", "currentDayOfMonth"))
LIST_ENDS = frozenset(("exists", "forall", "count", "sum", "avg", "min", "max", "first", "last"))
FOREIGN_ROOTS = frozenset(("datasetLookup", "source", "action", "decision", "event", "properties"))


@dataclass(frozen=True, slots=True)
class EventUse:
    """One use of experience events.

    `types` are the event types tested (None: any). `longest_age` is how old an event may be that counts
    (None: any age); `moving` tells whether that follows the clock. `by_field` marks a window measured from a
    field.
    """

    types: tuple[str, ...] | None
    longest_age: timedelta | None
    moving: bool
    by_field: bool
    negated: bool
    aggregate: str | None
    ordered: bool


@dataclass(frozen=True, slots=True)
class Analysis:
    """The record stored with each version of a rule. `why_not` says what excludes edge and streaming."""

    fields: frozenset[tuple[str, tuple[str, ...]]]
    events: tuple[EventUse, ...]
    audiences: frozenset[str]
    sources: frozenset[tuple[str, bool]]
    functions: frozenset[str]
    volatile: bool
    depth: int
    eligibility: str
    why_not: dict[str, str] = field(compare=False)


def fields_used(tree: ast.Node) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Root and path of every field read; `("audiences", (name,))` for memberships."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Field):
            found.add((node.root, node.path))
        elif isinstance(node, ast.Call) and node.fn == "inAudience" and isinstance(node.args[0], ast.Literal):
            found.add(("audiences", (node.args[0].value,)))
    return frozenset(found)


def analyse(tree: ast.Node, profile_only_audiences: Collection[str] = ()) -> Analysis:
    """The record of a checked tree. `profile_only_audiences` names audiences whose own rule reads only
    attributes.
    """
    fields = fields_used(tree)
    events = tuple(EventUses().of(tree))
    audiences = frozenset(path[0] for root, path in fields if root == "audiences")
    functions = frozenset(node.fn for node in ast.walk(tree) if isinstance(node, ast.Call))
    volatile = any(fn in TABLE and TABLE[fn].volatile for fn in functions)
    sources = frozenset(
        (node.path[0], bool(node.params))
        for node in ast.walk(tree)
        if isinstance(node, ast.Field) and node.root == "source"
    )
    streaming = why_not_streaming(tree, events, fields, functions, volatile)
    edge = streaming or why_not_edge(events, audiences - frozenset(profile_only_audiences))
    eligibility = "batch" if streaming else "streaming" if edge else "edge"
    why_not = {name: reason for name, reason in (("edge", edge), ("streaming", streaming)) if reason}
    return Analysis(
        fields, events, audiences, sources, functions, volatile, ast.depth(tree), eligibility, why_not
    )


def why_not_streaming(
    tree: ast.Node, events: tuple, fields: frozenset, functions: frozenset, volatile: bool
) -> str:
    """What keeps a rule from being judged when an event comes in; empty if nothing does."""
    if volatile:
        return "It uses a function whose result is random."
    foreign = sorted({root for root, _ in fields} & FOREIGN_ROOTS)
    if foreign:
        return f"It reads data beside the profile: {', '.join(foreign)}."
    if functions & CLOCK_PARTS and functions & {"getMonth", "getDayOfMonth", "getYear"}:
        return "It compares parts of dates with the calendar, so it changes without an event."
    if reads_raw_events(tree):
        return "It reads the list of events without a window."
    for use in events:
        if use.by_field:
            return "It measures a time from a field."
        if use.longest_age is None:
            return "It uses events without a window."
        if not use.moving or use.longest_age > DAY:
            return "It uses events that are older than 24 hours."
    if events and all(use.negated for use in events):
        return "It asks only for events that did not happen."
    return ""


def why_not_edge(events: tuple[EventUse, ...], audiences: frozenset[str]) -> str:
    """What keeps a rule that can be streamed from being judged at the edge."""
    if audiences:
        return f"It asks for audiences that need more than attributes: {', '.join(sorted(audiences))}."
    if len(events) > 1:
        return "It uses the history of events: more than one use."
    for use in events:
        if use.aggregate not in (None, "exists"):
            return f"It adds up events: {use.aggregate}."
        if use.negated:
            return "It asks for an event that did not happen."
    return ""


def reads_raw_events(tree: ast.Node) -> bool:
    """Whether fields of all events are read as a list."""
    return any(isinstance(node, ast.Field) and node.root == "xEvent" and node.path for node in ast.walk(tree))


class EventUses:
    """Finds the uses of events in a tree, with what is asked of the events."""

    def of(self, tree: ast.Node) -> list[EventUse]:
        self.found: list[EventUse] = []
        self.visit(tree, False)
        return self.found

    def visit(self, node: ast.Node, negated: bool) -> None:
        """Go down; `negated` flips below `not` and `forall`."""
        if isinstance(node, ast.Chain) and is_event_list(node.events):
            for step in node.steps:
                tests = [] if step.what is None else [step.what.body]
                counted = step.count is not None and step.count != (">=", 1)
                none = step.count in (("=", 0), ("<", 1), ("<=", 0))
                window = [] if step.when is None else [step.when]
                self.add(
                    node.events,
                    tests,
                    window,
                    negated is not none,
                    "count" if counted else "exists",
                    len(node.steps) > 1,
                )
            return
        if (
            isinstance(node, ast.Call)
            and node.fn in LIST_ENDS
            and node.args
            and is_event_list(listed(node.args[0]))
        ):
            tests = [arg.body for arg in node.args[1:] if isinstance(arg, ast.Lambda)]
            self.add(listed(node.args[0]), tests, [], negated is not (node.fn == "forall"), node.fn, False)
            return
        if is_event_list(node):
            self.add(node, [], [], negated, "exists", False)
            return
        flips = isinstance(node, ast.Call) and node.fn == "not"
        for child in ast.children(node):
            self.visit(child, negated is not flips)

    def add(
        self, source: ast.Node, tests: list, windows: list, negated: bool, aggregate: str, ordered: bool
    ) -> None:
        parts = [*windows, *(part for test in (*filters(source), *tests) for part in conjuncts(test))]
        types: set[str] | None = None
        age: timedelta | None = None
        moving, by_field = False, False
        for part in parts:
            named = event_types(part)
            if named is not None:
                types = named if types is None else types & named
            if isinstance(part, ast.Occurs) or is_period(part):
                found = reach(part)
                by_field = by_field or found == "field"
                if isinstance(found, tuple) and (age is None or found[0] < age):
                    age, moving = found
        known = None if types is None else tuple(sorted(types))
        self.found.append(EventUse(known, age, moving, by_field, negated, aggregate, ordered))


def is_event_list(node: ast.Node) -> bool:
    """The events, or some of them."""
    if isinstance(node, ast.Field):
        return node.root == "xEvent" and not node.path
    return (
        isinstance(node, ast.Call)
        and node.fn == "filter"
        and len(node.args) == 2
        and is_event_list(node.args[0])
    )


def listed(node: ast.Node) -> ast.Node:
    """The list below what is taken of its items."""
    if isinstance(node, ast.Call) and node.fn == "map":
        return node.args[0]
    return node.of if isinstance(node, ast.Path) else node


def filters(node: ast.Node) -> list[ast.Node]:
    found = []
    while isinstance(node, ast.Call) and node.fn == "filter":
        if isinstance(node.args[1], ast.Lambda):
            found.append(node.args[1].body)
        node = node.args[0]
    return found


def conjuncts(node: ast.Node) -> list[ast.Node]:
    if isinstance(node, ast.Call) and node.fn == "and":
        return [part for arg in node.args for part in conjuncts(arg)]
    return [node]


def event_types(node: ast.Node) -> set[str] | None:
    """The event types a condition allows, None if it says nothing of the type."""
    if not isinstance(node, ast.Call) or node.fn not in ("eq", "equals", "in") or not node.args:
        return None
    if not isinstance(node.args[0], ast.Path) or node.args[0].names != ("eventType",):
        return None
    wanted = node.args[1]
    values = wanted.items if isinstance(wanted, ast.List) else (wanted,)
    return (
        {value.value for value in values}
        if all(isinstance(v, ast.Literal) and v.type == "str" for v in values)
        else None
    )


def is_period(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.fn.startswith(("inLast", "inNext")) and len(node.args) == 2


def reach(node: ast.Node) -> tuple[timedelta, bool] | str | None:
    """How far back a window goes and whether it moves; "field" if it hangs on a field, None if it has no
    start.
    """
    if is_period(node):
        if not isinstance(node.args[1], ast.Literal):
            return "field"
        if node.fn.startswith("inNext"):
            return timedelta(0), True
        return NOON - add_units(NOON, -node.args[1].value, node.fn[6:-1].lower(), UTC), True
    if node.form.startswith("not ") or node.op == "!=":
        return None
    if any(
        isinstance(part, ast.Field | ast.Var)
        for anchor in (node.a, node.b)
        if anchor
        for part in ast.walk(anchor)
    ):
        return "field"
    starts = [start_of(node, now) for now in (NOON, NOON + timedelta(days=400))]
    if None in starts or starts[0] == FIRST:
        return None
    # A period such as today reaches back at most its whole length.
    longest = (
        NOON - starts[0]
        if node.form == "offset" and node.op != "="
        else NOON - starts[0] + timedelta(hours=12)
    )
    return max(longest, timedelta(0)), starts[0] != starts[1]


def start_of(node: ast.Occurs, now: datetime) -> datetime | None:
    anchors = [
        part if part is None or isinstance(part, ast.Period) else compile(part)({}, now)
        for part in (node.a, node.b)
    ]
    window = window_of(node, *anchors, now, UTC)
    return None if window is None else window[0]
