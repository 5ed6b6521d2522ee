"""Lists in SQL: items of an array by a subselect, experience events by grouped subqueries joined once per
rule.

Never one correlated subquery per profile: each use of events becomes a column of a subquery grouped by
profile, and uses with the same event types and window share one.
"""

import json
from dataclasses import dataclass, field, replace

from profiles.expressions import ast
from profiles.expressions.dates import read_zone
from profiles.expressions.sql_parts import IDS, SANDBOX, TRUE, Fallback, Sql, bind, join, sql_of
from profiles.expressions.sql_values import NOT_CONSTANT, Place, Values, reason_for

ITEMS = "jsonb_array_elements(case when jsonb_typeof($1) = 'array' then $1 else '[]'::jsonb end)"
AGGREGATES = {
    "sum": "coalesce(sum($1) {filter}, 0)",
    "avg": "round((sum($1) {filter} + 0.00000000000000000000) / nullif(count($1) {filter}, 0), 12)",
    "min": "min($1) {filter}",
    "max": "max($1) {filter}",
}


@dataclass(slots=True)
class Group:
    """A subquery over events: its conditions, its columns, and whether it looks at the profile."""

    alias: str
    where: list[Sql]
    columns: list[Sql] = field(default_factory=list)
    reads_profile: bool = False

    def add(self, column: Sql) -> str:
        """The name of a column with this content."""
        if column not in self.columns:
            self.columns.append(column)
        return f"{self.alias}.a{self.columns.index(column) + 1}"

    def sql(self) -> Sql:
        """left join (select ... group by profile_id)"""
        parts: list = [" left join (select e.profile_id"]
        for number, column in enumerate(self.columns, 1):
            parts += [", ", *column.parts, f" as a{number}"]
        parts.append(" from profiles_experienceevent e")
        if self.reads_profile:
            parts.append(" join profiles_profile q on q.id = e.profile_id")
        parts += [" where e.sandbox_id = ", SANDBOX]
        for test in self.where:
            parts += [" and ", *test.parts]
        parts += [IDS, f" group by e.profile_id) {self.alias} on {self.alias}.profile_id = p.id"]
        return Sql(tuple(parts))


class Events(Values):
    """What conditions and values over lists become."""

    @property
    def zone_info(self):
        return read_zone(self.zone_name) or read_zone("UTC")

    # Which nodes are lists

    def is_event_list(self, node: ast.Node) -> bool:
        """The events, or some of them."""
        if isinstance(node, ast.Field):
            return node.root == "xEvent" and not node.path
        return (
            isinstance(node, ast.Call)
            and node.fn == "filter"
            and len(node.args) == 2
            and self.is_event_list(node.args[0])
        )

    def is_event_path(self, node: ast.Node) -> bool:
        """A field of all or some events, as a list."""
        if isinstance(node, ast.Field):
            return node.root == "xEvent" and bool(node.path)
        return isinstance(node, ast.Path) and self.is_event_list(node.of)

    def is_list(self, node: ast.Node) -> bool:
        """A list whose items can be tested: events, filtered or mapped lists."""
        return self.is_event_list(node) or (
            isinstance(node, ast.Call) and node.fn == "filter" and len(node.args) == 2
        )

    def unfold(self, node: ast.Node) -> tuple[ast.Node, list[ast.Lambda], ast.Lambda | None]:
        """A list as its source, its conditions and what is taken of each item."""
        taken = None
        if isinstance(node, ast.Call) and node.fn == "map" and len(node.args) == 2:
            node, taken = node.args
        elif isinstance(node, ast.Path) and isinstance(node.of, ast.Call) and node.of.fn == "filter":
            taken = ast.Lambda(("",), ast.Path(ast.Var("", 0), node.names))
            node = node.of
            if not self.is_event_list(node):
                raise Fallback("a field of filtered items")
        tests = []
        while isinstance(node, ast.Call) and node.fn == "filter" and len(node.args) == 2:
            tests.append(node.args[1])
            node = node.args[0]
        for body in (*tests, taken):
            if body is not None and (not isinstance(body, ast.Lambda) or len(body.params) != 1):
                raise Fallback(f"the function {getattr(body, 'fn', 'map')}")
        return node, tests[::-1], taken

    # Existence

    def any_item(self, node: ast.Node, test: ast.Node | None, place: Place) -> Sql:
        """Whether some item meets the conditions."""
        source, tests, taken = self.unfold(node)
        if taken is not None:
            raise Fallback("a condition on mapped values")
        tests = [*tests, *([test] if test is not None else [])]
        if self.is_event_list(source):
            group, filtered, _ = self.event_group(tests, place)
            return (
                sql_of(f"coalesce({group.add(aggregate_of('count(*)', filtered))}, 0) > 0")
                if filtered
                else sql_of(f"({group.alias}.profile_id is not null)")
            )
        alias = self.alias("i")
        where = self.item_tests(tests, f"{alias}.v", place)
        return sql_of(f"exists (select 1 from {ITEMS} {alias}(v) where $2)", self.array(source, place), where)

    def array(self, node: ast.Node, place: Place) -> Sql:
        value = self.constant(node)
        if value is not NOT_CONSTANT:
            return bind(json.dumps(value), "jsonb") if plain(value) else self.refuse(node)
        if self.kind(node) != "json" or self.is_event_path(node):
            return self.refuse(node)
        return self.json(node, place)

    def refuse(self, node: ast.Node) -> Sql:
        raise Fallback(f"the items of {reason_for(node)}")

    def item_tests(self, tests: list[ast.Lambda], value: str, place: Place) -> Sql:
        found = [self.condition(test.body, place.with_item(test.params[0], value)) for test in tests]
        return join("and", found) if found else TRUE

    # Amounts

    def aggregate(self, node: ast.Call, place: Place) -> Sql:
        """count, sum, avg, min, max of a list as numeric."""
        if len(node.args) != 1:
            raise Fallback(f"{node.fn} of two values")
        source, tests, taken = self.unfold(node.args[0])
        if self.is_event_list(source):
            group, filtered, inner = self.event_group(tests, place)
            column = self.column(node.fn, taken, "e.data", inner, filtered)
            name = group.add(column)
            return sql_of(f"coalesce({name}, 0)::numeric" if node.fn in ("count", "sum") else name)
        alias = self.alias("i")
        where = self.item_tests(tests, f"{alias}.v", place)
        value = self.column(node.fn, taken, f"{alias}.v", place, None)
        return sql_of(
            f"(select $3::numeric from {ITEMS} {alias}(v) where $2)", self.array(source, place), where, value
        )

    def column(
        self, fn: str, taken: ast.Lambda | None, value: str, place: Place, filtered: Sql | None
    ) -> Sql:
        """An aggregate over the items at hand."""
        if fn == "count":
            if taken is None and value == "e.data":
                return aggregate_of("count(*)", filtered)
            known = self.known(taken, value, place)
            return aggregate_of("count(*)", join("and", [known, filtered]) if filtered else known)
        if taken is None:
            number = sql_of(f"case when jsonb_typeof({value}) = 'number' then ({value})::numeric end")
        else:
            number = self.num(taken.body, place.with_item(taken.params[0], value))
        if filtered is None:
            return sql_of(AGGREGATES[fn].format(filter=""), number)
        return sql_of(AGGREGATES[fn].format(filter="filter (where $2)"), number, filtered)

    def known(self, taken: ast.Lambda | None, value: str, place: Place) -> Sql:
        """Whether what is taken of an item is not null."""
        if taken is None:
            return sql_of(f"{value} <> 'null'::jsonb")
        inner = place.with_item(taken.params[0], value)
        if self.kind(taken.body) == "num":
            return sql_of("$1 is not null", self.num(taken.body, inner))
        return self.condition(ast.Call("isNotNull", (taken.body,)), inner)

    # Events

    def event_group(self, tests: list[ast.Lambda], place: Place) -> tuple[Group, Sql | None, Place]:
        """The subquery for events that meet the conditions: what is left to filter, and the place inside."""
        if place.group is not None or any(source != "p.attributes" for _, _, source in place.bound):
            raise Fallback("events inside a condition on items")
        group = Group("", [])
        inner = replace(place, profile="q.attributes", profile_id="e.profile_id", group=group)
        where, rest = [], []
        for test in tests:
            bound = inner.with_item(test.params[0], "e.data")
            for part in conjuncts(test.body):
                group.reads_profile, before = False, group.reads_profile
                found = self.condition(part, bound)
                indexed = self.is_indexed(part, bound) and not group.reads_profile
                group.reads_profile = group.reads_profile or before
                if indexed:
                    where.append(found.bare or found)
                else:
                    rest.append(found)
        where.sort(key=repr)
        for other in self.groups:
            if other.where == where:
                other.reads_profile = other.reads_profile or group.reads_profile
                return other, join("and", rest) if rest else None, replace(inner, group=other)
        group.alias, group.where = f"ev{len(self.groups) + 1}", where
        self.groups.append(group)
        return group, join("and", rest) if rest else None, inner

    def is_indexed(self, node: ast.Node, place: Place) -> bool:
        """Conditions on type and time of an event: they choose the rows, and can use an index."""
        if isinstance(node, ast.Occurs):
            return (
                self.event_column(node.value, place) is not None
                and not node.form.startswith("not ")
                and node.op != "!="
            )
        if not isinstance(node, ast.Call) or not node.args:
            return False
        if node.fn in ("eq", "in") and self.event_type(node.args[0], place) is not None:
            return True
        return node.fn.startswith(("inLast", "inNext")) and self.event_column(node.args[0], place) is not None

    def event_type(self, node: ast.Node, place: Place) -> Sql | None:
        """The column of an event's type."""
        if isinstance(node, ast.Path) and node.names == ("eventType",) and isinstance(node.of, ast.Var):
            base, _ = self.source(node.of, place)
            if base == "e.data":
                return Sql(("e.event_type",))
        return None

    def event_has(self, items: ast.Node, value: object, place: Place) -> Sql:
        """Whether a field of the events, lists on the way opened, has a value."""
        if isinstance(items, ast.Field):
            source, names = ast.Field("xEvent"), items.path
        else:
            source, names = items.of, items.names
        _, tests, _ = self.unfold(source)
        group, filtered, _ = self.event_group(tests, place)
        path = "$" + "".join("." + json.dumps(name) for name in names) + "[*] ? (@ == $v)"
        test = sql_of(
            "coalesce(jsonb_path_exists(e.data, $1, $2), false)",
            bind(path, "jsonpath"),
            bind(json.dumps({"v": value}), "jsonb"),
        )
        column = group.add(aggregate_of("count(*)", join("and", [test, filtered]) if filtered else test))
        return sql_of(f"coalesce({column}, 0) > 0")

    def chain(self, node: ast.Chain, place: Place) -> Sql:
        """A sequence of one step is a count of events; longer ones are for Python."""
        if len(node.steps) > 1:
            raise Fallback("a sequence of events")
        step = node.steps[0]
        if node.ts != ("timestamp",):
            raise Fallback("a sequence by another time than timestamp")
        events = node.events
        if step.what is not None:
            events = ast.Call("filter", (events, step.what))
        if step.when is not None:
            window = replace(step.when, value=ast.Path(ast.Var("", 0), ("timestamp",)))
            events = ast.Call("filter", (events, ast.Lambda(("",), window)))
        if not self.is_event_list(events):
            raise Fallback("a sequence of items that are no events")
        op, n = step.count or (">=", 1)
        comparison = {sign: fn for fn, sign in ast.COMPARISONS.items()}[op]
        return self.condition(
            ast.Call(comparison, (ast.Call("count", (events,)), ast.Literal(n, "int"))), place
        )


def conjuncts(node: ast.Node) -> list[ast.Node]:
    """The terms of an `and`, or the node itself."""
    if isinstance(node, ast.Call) and node.fn == "and":
        return [part for arg in node.args for part in conjuncts(arg)]
    return [node]


def aggregate_of(text: str, filtered: Sql | None) -> Sql:
    return sql_of(text) if filtered is None else sql_of(f"{text} filter (where $1)", filtered)


def plain(value: object) -> bool:
    """A list of JSON scalars."""
    return isinstance(value, list) and all(
        item is None or isinstance(item, str | int | float) for item in value
    )
