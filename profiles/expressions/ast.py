"""The syntax tree: eleven node classes, canonical constructors, and ways to walk them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from profiles.expressions import limits
from profiles.expressions.errors import ExprError

ROOTS = frozenset(
    [
        "profile",
        "xEvent",
        "event",
        "trigger",
        "source",
        "action",
        "decision",
        "datasetLookup",
        "properties",
        "offer",
        "context",
    ]
)
LITERAL_TYPES = frozenset(("str", "int", "dec", "bool", "null", "timeword"))
TIME_WORDS = frozenset(("now", "today", "yesterday", "tomorrow"))
UNITS = (
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "decade",
    "century",
    "millennium",
)
PLURALS = {"century": "centuries", "millennium": "millennia"} | {
    unit: unit + "s" for unit in UNITS if unit not in ("century", "millennium")
}
COMPARISONS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
OCCURS_FORMS = frozenset(("offset", "before", "after", "on", "between"))

ITEM_AGGREGATES = frozenset(("sum", "avg", "min", "max"))
EVENT_CLASS = "/experienceevent"
BUILT_IN_SOURCES = frozenset(("ExperiencePlatform", "ExperiencePlatformDataSource"))

Pos = tuple[int, int]
NOWHERE: Pos = (0, 0)


@dataclass(slots=True)
class Literal:
    """A value written in the text; `type` is str, int, dec, bool, null or timeword."""

    value: object
    type: str
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        """1, 1.0 and true are three different literals."""
        return isinstance(other, Literal) and (self.type, self.value) == (other.type, other.value)


@dataclass(slots=True)
class List:
    """A list written in the text."""

    items: tuple
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Field:
    """A path that starts at a root of the snapshot; `params` are (name, node) pairs for a data source."""

    root: str
    path: tuple[str, ...] = ()
    params: tuple = ()
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Var:
    """A variable, or with an empty name the item `up` item conditions outside."""

    name: str = ""
    up: int = 0
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Path:
    """A run of names after any value."""

    of: object
    names: tuple[str, ...]
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Call:
    """A function or operator by its canonical name; `at` is where the name or the operator stands."""

    fn: str
    args: tuple = ()
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    at: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Lambda:
    """A body over items; params [""] opens an item scope, in which bare names are the item's fields."""

    params: tuple[str, ...]
    body: object
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Let:
    """A named value used in the body."""

    name: str
    value: object
    body: object
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="any", compare=False, repr=False)


@dataclass(slots=True)
class Occurs:
    """A date against a moment or a period. The value is None in the WHEN of a chain step: the step's event.

    `form` is offset, before, after, on or between; with "not " in front it is true for dates outside.
    """

    value: object
    form: str
    op: str | None = None
    n: int | None = None
    unit: str | None = None
    direction: str | None = None
    a: object = None
    b: object = None
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="bool", compare=False, repr=False)


@dataclass(slots=True)
class Period:
    """A calendar unit around now: this, last or next."""

    word: str
    unit: str
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="period", compare=False, repr=False)


@dataclass(slots=True)
class Step:
    """One step of a chain (not a node of its own)."""

    name: str
    what: Lambda | None = None
    when: Occurs | None = None
    count: tuple[str, int] | None = None
    gap: tuple[str, int, str] | None = None


@dataclass(slots=True)
class Chain:
    """Events that follow one another."""

    events: object
    ts: tuple[str, ...]
    steps: tuple[Step, ...]
    pos: Pos = field(default=NOWHERE, compare=False, repr=False)
    type: str = field(default="bool", compare=False, repr=False)


Node = Literal | List | Field | Var | Path | Call | Lambda | Let | Occurs | Period | Chain
CLASSES = {
    kind.__name__: kind
    for kind in (Literal, List, Field, Var, Path, Call, Lambda, Let, Occurs, Period, Chain)
}


# Canonical constructors: what is written in several ways has one tree.


def path_of(value: Node, names: tuple[str, ...], pos: Pos = NOWHERE) -> Node:
    """The path `names` after a value, as one node for the whole run of names."""
    if not names:
        return value
    if isinstance(value, Field):
        return replace(value, path=value.path + names, pos=pos)
    if isinstance(value, Path):
        return replace(value, names=value.names + names, pos=pos)
    return Path(value, names, pos)


def call(fn: str, args: tuple, pos: Pos = NOWHERE, at: Pos | None = None) -> Node:
    """A call in its one form.

    The negative of a number is folded, `x = null` is a null test, an aggregate with a body is one of a map,
    and the long name of the experience events is xEvent.
    """
    at = pos if at is None else at
    if fn in ITEM_AGGREGATES and len(args) == 2 and isinstance(args[1], Lambda):
        return Call(fn, (Call("map", args, pos, at),), pos, at)
    if fn == "modelInstances" and len(args) == 1 and is_event_class(args[0]):
        return Field("xEvent", (), (), pos)
    if fn == "neg" and len(args) == 1 and isinstance(args[0], Literal) and args[0].type in ("int", "dec"):
        return Literal(-args[0].value, args[0].type, pos)
    if fn in ("eq", "ne") and len(args) == 2:
        test = "isNull" if fn == "eq" else "isNotNull"
        for value, other in (args, args[::-1]):
            if isinstance(other, Literal) and other.type == "null":
                return Call(test, (value,), pos, at)
    return Call(fn, args, pos, at)


def is_event_class(node: Node) -> bool:
    """Whether a literal is the long name of the experience events."""
    return isinstance(node, Literal) and str(node.value).endswith(EVENT_CLASS)


def reference(root: str, path: tuple[str, ...], params: tuple = (), pos: Pos = NOWHERE) -> Field:
    """What `@event{...}` or `#{...}` means: the built-in source is the profile, `_xdm.context` the
    request.
    """
    if root == "event" and path[:2] == ("_xdm", "context"):
        return Field("context", path[3:] if path[2:3] == ("additionalParameters",) else path[2:], (), pos)
    if root == "source" and path[:1] and path[0] in BUILT_IN_SOURCES:
        rest = path[2:]
        if rest and rest[0].lower() == "experienceevent":
            return Field("xEvent", rest[1:], (), pos)
        return Field("profile", rest[1:] if rest[:1] == ("profile",) else rest, (), pos)
    return Field(root, path, params, pos)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, in the order of the text."""
    if isinstance(node, Call):
        yield from node.args
    elif isinstance(node, List):
        yield from node.items
    elif isinstance(node, Path):
        yield node.of
    elif isinstance(node, Lambda):
        yield node.body
    elif isinstance(node, Let):
        yield node.value
        yield node.body
    elif isinstance(node, Field):
        for _, value in node.params:
            yield value
    elif isinstance(node, Occurs):
        yield from (part for part in (node.value, node.a, node.b) if part is not None)
    elif isinstance(node, Chain):
        yield node.events
        for step in node.steps:
            yield from (part for part in (step.what, step.when) if part is not None)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, without recursion."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(children(node))))


def depth(node: Node) -> int:
    """How deep the tree is, without recursion."""
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for parent in level for child in children(parent)]
    return deepest


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """A copy of the node with every direct child replaced by `change(child)`."""
    if isinstance(node, Call):
        return replace(node, args=tuple(change(arg) for arg in node.args))
    if isinstance(node, List):
        return replace(node, items=tuple(change(item) for item in node.items))
    if isinstance(node, Path):
        return replace(node, of=change(node.of))
    if isinstance(node, Lambda):
        return replace(node, body=change(node.body))
    if isinstance(node, Let):
        return replace(node, value=change(node.value), body=change(node.body))
    if isinstance(node, Field):
        return replace(node, params=tuple((name, change(value)) for name, value in node.params))
    if isinstance(node, Occurs):
        parts = {
            part: change(getattr(node, part))
            for part in ("value", "a", "b")
            if getattr(node, part) is not None
        }
        return replace(node, **parts)
    if isinstance(node, Chain):
        steps = tuple(
            replace(step, what=step.what and change(step.what), when=step.when and change(step.when))
            for step in node.steps
        )
        return replace(node, events=change(node.events), steps=steps)
    return replace(node)


def refuse_oversize(node: Node, text: str = "") -> None:
    """Raise `limit` for a tree that is too deep or too large for the recursive passes."""
    if depth(node) > limits.AST_DEPTH:
        raise ExprError(
            "limit", f"The expression is nested deeper than {limits.AST_DEPTH} levels.", text=text
        )
    for number, part in enumerate(walk(node)):
        if number > limits.AST_NODES:
            raise ExprError("limit", f"The expression has more than {limits.AST_NODES} parts.", text=text)
        if isinstance(part, List) and len(part.items) > limits.LIST_VALUES:
            message = f"A list may have {limits.LIST_VALUES} values, this one has {len(part.items)}."
            raise ExprError("limit", message, *part.pos, text=text)
        if isinstance(part, Chain) and len(part.steps) > limits.CHAIN_STEPS:
            message = f"A chain may have {limits.CHAIN_STEPS} steps, this one has {len(part.steps)}."
            raise ExprError("limit", message, *part.pos, text=text)
