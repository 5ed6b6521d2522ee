"""Values in SQL: a node as jsonb, numeric, text or moment, null where Python would read no such value.

A path is read as objects all the way. Where the schema says a list is in the way, Python has to do it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from profiles.expressions import ast
from profiles.expressions.dates import read_zone
from profiles.expressions.evaluate import compile
from profiles.expressions.functions import TABLE
from profiles.expressions.sql_parts import FALSE, Fallback, Sql, bind, join, sql_of
from profiles.expressions.static_types import Schema
from profiles.expressions.values import NUMBERS, as_date

NOT_CONSTANT = object()
ISO_LOCAL = r"^\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?$"
ISO_OFFSET = (
    r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-](0\d|1[0-5])(:?[0-5]\d)?)$"
)
ISO_LOCAL_TIME = ISO_LOCAL.replace("?$", "$")
ARITHMETIC = {"sub": "($1 - $2)", "mul": "($1 * $2)", "add": "($1 + $2)"}
UNLESS_ZERO = (
    "(select case when b = 0 then case when a is not null then 0 end else {} end "
    "from (select $1, $2) t(a, b))"
)
DIVISIONS = {
    # The twenty zeros make PostgreSQL carry enough places to round like Python.
    "div": UNLESS_ZERO.format("round((a + 0.00000000000000000000) / b, 12)"),
    "mod": UNLESS_ZERO.format("mod(a, b)"),
}
DATE_PARTS = {"getMonth": "month", "getYear": "year", "getDayOfMonth": "day"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: whose profile it is, which names are bound to events or items, and the event
    group.
    """

    profile: str = "p.attributes"
    profile_id: str = "p.id"
    bound: tuple[tuple[str, str, str], ...] = ()  # (kind, name, SQL of the jsonb value)
    group: object = None

    def with_item(self, name: str, source: str) -> "Place":
        """The same place with one more item."""
        return replace(self, bound=(*self.bound, ("var" if name else "item", name, source)))


@dataclass(slots=True)
class Values:
    """Turns nodes into SQL of a type. `now` and the zone are bound, so SQL does no zone arithmetic of its
    own.
    """

    now: datetime
    zone_name: str = "UTC"
    schema: Schema | None = None
    aliases: int = 0
    groups: list = field(default_factory=list)

    def alias(self, prefix: str) -> str:
        self.aliases += 1
        return f"{prefix}{self.aliases}"

    @property
    def zone(self) -> Sql:
        """The zone for `at time zone`: a name, or an interval for a fixed offset."""
        zone = read_zone(self.zone_name) or UTC
        return bind(self.zone_name if isinstance(zone, ZoneInfo) else zone.utcoffset(None) or timedelta(0))

    def constant(self, node: ast.Node) -> object:
        """The value of a node that reads nothing, else NOT_CONSTANT."""
        for part in ast.walk(node):
            if isinstance(part, ast.Field | ast.Var | ast.Chain | ast.Lambda | ast.Period):
                return NOT_CONSTANT
            if isinstance(part, ast.Call) and (
                part.fn == "inAudience" or part.fn not in TABLE or TABLE[part.fn].volatile
            ):
                return NOT_CONSTANT
        return compile(node)({"timezone": self.zone_name}, self.now)

    # Paths

    def source(self, node: ast.Node, place: Place) -> tuple[str, tuple[str, ...]]:
        """The jsonb a path starts from, and its names."""
        if isinstance(node, ast.Path):
            base, names = self.source(node.of, place)
            return base, names + node.names
        if isinstance(node, ast.Field) and node.root == "profile":
            if place.group is not None:
                place.group.reads_profile = True
            self.refuse_lists("profile", node.path)
            return place.profile, node.path
        if isinstance(node, ast.Var):
            wanted = [
                source
                for kind, name, source in reversed(place.bound)
                if (name == node.name if node.name else kind == "item")
            ]
            if len(wanted) > (0 if node.name else node.up):
                return wanted[0 if node.name else node.up], ()
        if isinstance(node, ast.Call) and node.fn == "get" and isinstance(node.args[1], ast.Literal):
            base, names = self.source(node.args[0], place)
            return base, (*names, str(node.args[1].value))
        raise Fallback(f"{reason_for(node)} cannot be read in SQL")

    def refuse_lists(self, root: str, path: tuple[str, ...]) -> None:
        """Refuse a path that goes through a list, as far as the schema knows."""
        if self.schema is None or not self.schema.knows(root):
            return
        for index in range(1, len(path)):
            found = self.schema.type_of(root, path[:index])
            if found is not None and found.startswith("list"):
                raise Fallback("a path through a list")

    def path(self, node: ast.Node, place: Place) -> Sql:
        """A path as jsonb: SQL null where a name is missing."""
        base, names = self.source(node, place)
        for name in names:
            if name.lstrip("-").isdigit():
                raise Fallback("a field whose name is a number")
        return sql_of(f"({base} #> $1)", bind(list(names), "text[]")) if names else Sql((base,))

    def through_list(self, node: ast.Node, place: Place) -> Sql:
        """Whether a list is in the way of a path: Python sees a list there, SQL nothing."""
        base, names = self.source(node, place)
        tests = [
            sql_of(f"coalesce(jsonb_typeof({base} #> $1), '') = 'array'", bind(list(names[:index]), "text[]"))
            for index in range(1, len(names))
        ]
        return join("or", tests) if tests else FALSE

    # Types

    def kind(self, node: ast.Node) -> str:
        """Which SQL a node becomes: const, json, num, text, bool, or other (none)."""
        if self.constant(node) is not NOT_CONSTANT:
            return "const"
        if isinstance(node, ast.Field | ast.Path | ast.Var):
            return "json"
        if not isinstance(node, ast.Call):
            return "bool" if isinstance(node, ast.Occurs | ast.Chain) else "other"
        if node.fn in ("get", "getListItem", "if", "ifNull"):
            return "json"
        if (
            node.fn in ARITHMETIC
            or node.fn in DIVISIONS
            or node.fn in DATE_PARTS
            or node.fn in ("neg", "round", "length", "count", "sum", "avg", "min", "max")
        ):
            return "num"
        if node.fn in ("lower", "upper", "trim"):
            return "text"
        return "bool" if TABLE.get(node.fn) and TABLE[node.fn].result == "bool" else "other"

    def json(self, node: ast.Node, place: Place) -> Sql:
        """The node as jsonb."""
        value = self.constant(node)
        if value is not NOT_CONSTANT:
            return json_bind(value)
        if isinstance(node, ast.Call):
            if node.fn == "if":
                test, first, second = node.args
                return sql_of(
                    "case when $1 then $2 else $3 end",
                    self.condition(test, place),
                    self.json(first, place),
                    self.json(second, place),
                )
            if node.fn == "ifNull":
                value, default = (self.json(arg, place) for arg in node.args)
                through = self.through_list(node.args[0], place)
                return sql_of(
                    "case when $1 then null when coalesce(jsonb_typeof($2), 'null') = 'null' then $3 else "
                    "$2 end",
                    through,
                    value,
                    default,
                )
            if node.fn == "getListItem":
                index = self.constant(node.args[1])
                if type(index) is not int or not 0 <= index < 2**31:
                    raise Fallback("an item at a place that is not written as a number")
                return sql_of(
                    "case when jsonb_typeof($1) = 'array' then $1 -> $2 end",
                    self.json(node.args[0], place),
                    bind(index, "int"),
                )
        if isinstance(node, ast.Path) and isinstance(node.of, ast.Call) and node.of.fn in ("getListItem",):
            return sql_of("($1 #> $2)", self.json(node.of, place), bind(list(node.names), "text[]"))
        return self.path(node, place)

    def num(self, node: ast.Node, place: Place) -> Sql:
        """The node as numeric, null if it is no number."""
        value = self.constant(node)
        if value is not NOT_CONSTANT:
            return bind(value if type(value) in NUMBERS else None, "numeric")
        kind = self.kind(node)
        if kind == "json":
            return sql_of(
                "case when jsonb_typeof($1) = 'number' then ($1)::numeric end", self.json(node, place)
            )
        if kind != "num":
            raise Fallback(f"{reason_for(node)} as a number")
        if node.fn in ARITHMETIC or node.fn in DIVISIONS:
            left, right = (self.num(arg, place) for arg in node.args)
            return sql_of(ARITHMETIC.get(node.fn) or DIVISIONS[node.fn], left, right)
        if node.fn == "neg":
            return sql_of("(- $1)", self.num(node.args[0], place))
        if node.fn == "round":
            return sql_of(TABLE["round"].sql, self.num(node.args[0], place))
        if node.fn == "length":
            return sql_of(f"{TABLE['length'].sql}::numeric", self.text(node.args[0], place))
        if node.fn in DATE_PARTS:
            return sql_of(f"extract({DATE_PARTS[node.fn]} from $1)::numeric", self.local(node.args[0], place))
        return self.aggregate(node, place)

    def text(self, node: ast.Node, place: Place) -> Sql:
        """The node as text, null if it is no text."""
        value = self.constant(node)
        if value is not NOT_CONSTANT:
            return bind(value if isinstance(value, str) else None, "text")
        kind = self.kind(node)
        if kind == "json":
            return sql_of(
                "case when jsonb_typeof($1) = 'string' then $1 #>> '{}' end", self.json(node, place)
            )
        if kind == "text":
            return sql_of(TABLE[node.fn].sql, self.text(node.args[0], place))
        raise Fallback(f"{reason_for(node)} as a text")

    # Time

    def moment(self, node: ast.Node, place: Place) -> Sql:
        """The node as timestamptz, null if it is no date; a local time is read in the evaluation zone."""
        value = self.constant(node)
        if value is not NOT_CONSTANT:
            return bind(self.instant(value), "timestamptz")
        column = self.event_column(node, place)
        if column is not None:
            return column
        if self.kind(node) != "json":
            raise Fallback(f"{reason_for(node)} as a time")
        return sql_of(
            "case when $1 ~ $2 and pg_input_is_valid($1, 'timestamptz') then ($1)::timestamptz "
            "when $1 ~ $3 and pg_input_is_valid($1, 'timestamp') then ($1)::timestamp at time zone $4 end",
            self.text(node, place), bind(ISO_OFFSET, "text"), bind(ISO_LOCAL, "text"), self.zone,
        )  # fmt: skip

    def instant(self, value: object) -> datetime | None:
        """A constant as a moment."""
        found = as_date(value)
        if found is None:
            return None
        if not isinstance(found, datetime):
            found = datetime(found.year, found.month, found.day)
        if found.tzinfo is None:
            found = found.replace(tzinfo=read_zone(self.zone_name) or UTC)
        return found.astimezone(UTC)

    def event_column(self, node: ast.Node, place: Place) -> Sql | None:
        """The column of an event's time, so that its index is used."""
        if isinstance(node, ast.Path) and node.names == ("timestamp",) and isinstance(node.of, ast.Var):
            base, _ = self.source(node.of, place)
            if base == "e.data":
                return Sql(('e."timestamp"',))
        return None

    def local(self, node: ast.Node, place: Place) -> Sql:
        """The wall clock of a date: its own for a date or local time, that of the evaluation zone for a
        moment.
        """
        column = self.event_column(node, place)
        if column is not None:
            return sql_of("($1 at time zone $2)", column, self.zone)
        return sql_of(
            "case when $1 ~ $2 and pg_input_is_valid($1, 'timestamptz') "
            "then ($1)::timestamptz at time zone $4 "
            "when $1 ~ $3 and pg_input_is_valid($1, 'timestamp') then ($1)::timestamp end",
            self.text(node, place), bind(ISO_OFFSET, "text"), bind(ISO_LOCAL, "text"), self.zone,
        )  # fmt: skip

    def equals_date(self, node: ast.Node, value: date, place: Place) -> Sql:
        """A text field against a date of the same kind."""
        text = self.text(node, place)
        if not isinstance(value, datetime):
            return sql_of("$1 = $2", text, bind(value.isoformat(), "text"))
        if value.tzinfo is None:
            return sql_of(
                "case when $1 ~ $2 and pg_input_is_valid($1, 'timestamp') then ($1)::timestamp = $3 end",
                text, bind(ISO_LOCAL_TIME, "text"), bind(value, "timestamp"),
            )  # fmt: skip
        return sql_of(
            "case when $1 ~ $2 and pg_input_is_valid($1, 'timestamptz') then ($1)::timestamptz = $3 end",
            text, bind(ISO_OFFSET, "text"), bind(value, "timestamptz"),
        )  # fmt: skip

    def condition(self, node: ast.Node, place: Place) -> Sql:
        raise NotImplementedError

    def aggregate(self, node: ast.Call, place: Place) -> Sql:
        raise NotImplementedError


def json_bind(value: object) -> Sql:
    """A constant as jsonb."""
    if isinstance(value, date | timedelta | Mapping):
        raise Fallback("a date compared with a value that is not a field")
    return bind(json.dumps(value), "jsonb")


def reason_for(node: ast.Node) -> str:
    """A node in the words of a reason."""
    if isinstance(node, ast.Call):
        return f"the function {node.fn}"
    if isinstance(node, ast.Field):
        return f"the root {node.root}"
    return {"Chain": "a sequence of events", "Let": "a named value"}.get(
        type(node).__name__, type(node).__name__.lower()
    )
