"""Conditions in SQL. Every atom is wrapped so that it is true or false, never null: that alone makes `not`
exact.
"""

import json
from collections.abc import Callable
from datetime import date

from profiles.expressions import ast
from profiles.expressions.dates import FIRST, LAST, edge
from profiles.expressions.functions import TABLE
from profiles.expressions.functions.moments import PARTS
from profiles.expressions.sql_comparisons import NO_VALUE, Comparisons
from profiles.expressions.sql_parts import FALSE, SANDBOX, TRUE, Fallback, Sql, bind, join, sql_of, sure
from profiles.expressions.sql_regex import to_postgres
from profiles.expressions.sql_values import NOT_CONSTANT, Place, reason_for
from profiles.expressions.values import NUMBERS, truth
from profiles.expressions.windows import window_of

AUDIENCE = """exists (select 1 from audiences_membership m join audiences_audience a on a.id = m.audience_id
 where m.sandbox_id = $1 and a.sandbox_id = $1 and m.profile_id = {} and m.status in ('realized', 'existing')
 and (a.name = $2 or a.external_id = $2 or a.id::text = $2))"""
IN_PERIOD = {
    f"in{side}{part}s": (sign, part.lower())
    for side, sign in (("Last", -1), ("Next", 1))
    for part in ("Hour", "Day", "Month", "Year")
}


class Conditions(Comparisons):
    """Turns nodes into SQL conditions that are true or false."""

    def condition(self, node: ast.Node, place: Place) -> Sql:
        """The SQL of a node as a condition."""
        value = self.constant(node)
        if value is not NOT_CONSTANT:
            return TRUE if truth(value) else FALSE
        if isinstance(node, ast.Occurs):
            return self.occurs(node, place)
        if isinstance(node, ast.Chain):
            return self.chain(node, place)
        if isinstance(node, ast.Field | ast.Path | ast.Var) and not self.is_event_list(node):
            return sure(
                "$1 = 'true'::jsonb or jsonb_typeof($1) = 'object' or (jsonb_typeof($1) = 'array' and $1 "
                "<> '[]'::jsonb)",
                self.json(node, place),
            )
        if self.is_list(node):
            return self.any_item(node, None, place)
        if not isinstance(node, ast.Call):
            raise Fallback(f"{reason_for(node)} as a condition")
        handler = self.handler(node)
        if handler is None:
            raise Fallback(f"{reason_for(node)}")
        return handler(node, place)

    def handler(self, node: ast.Call) -> Callable | None:
        """What writes a call as a condition."""
        if node.fn in ("eq", "ne", "lt", "le", "gt", "ge"):
            return self.comparison
        if node.fn in IN_PERIOD:
            return self.in_period
        found = getattr(self, "when_" + node.fn.lower(), None)
        if found is None and isinstance(TABLE.get(node.fn), object) and node.fn in TABLE:
            row = TABLE[node.fn]
            if row.result == "bool" and isinstance(row.sql, str) and "$" in row.sql:
                return self.text_test
        return found

    # Logic

    def when_and(self, node: ast.Call, place: Place) -> Sql:
        return join("and", [self.condition(arg, place) for arg in node.args])

    def when_or(self, node: ast.Call, place: Place) -> Sql:
        return join("or", [self.condition(arg, place) for arg in node.args])

    def when_not(self, node: ast.Call, place: Place) -> Sql:
        return sql_of("(not $1)", self.condition(node.args[0], place))

    def when_if(self, node: ast.Call, place: Place) -> Sql:
        return sql_of(
            "(case when $1 then $2 else $3 end)", *(self.condition(arg, place) for arg in node.args)
        )

    # Null, types, lists

    def when_isnull(self, node: ast.Call, place: Place) -> Sql:
        arg = node.args[0]
        if self.kind(arg) != "json" or isinstance(arg, ast.Call):
            raise Fallback(f"a null test of {reason_for(arg)}")
        if self.is_event_list(arg):
            return FALSE
        return sql_of(
            "(coalesce(jsonb_typeof($1), 'null') = 'null' and not $2)",
            self.json(arg, place),
            self.through_list(arg, place),
        )

    def when_isnotnull(self, node: ast.Call, place: Place) -> Sql:
        return sql_of("(not $1)", self.when_isnull(node, place))

    def when_isnumeric(self, node: ast.Call, place: Place) -> Sql:
        return sure("jsonb_typeof($1) = 'number'", self.field(node.args[0], place))

    def when_isinteger(self, node: ast.Call, place: Place) -> Sql:
        return sure(
            "scale($1) = 0 and abs($1) <= 9223372036854775807", self.num(self.only_field(node.args[0]), place)
        )

    def when_isdecimal(self, node: ast.Call, place: Place) -> Sql:
        return sure(
            "scale($1) > 0 or abs($1) > 9223372036854775807", self.num(self.only_field(node.args[0]), place)
        )

    def only_field(self, node: ast.Node) -> ast.Node:
        if self.kind(node) != "json":
            raise Fallback(f"a type test of {reason_for(node)}")
        return node

    def field(self, node: ast.Node, place: Place) -> Sql:
        return self.json(self.only_field(node), place)

    def when_hasnull(self, node: ast.Call, place: Place) -> Sql:
        return sure("jsonb_typeof($1) = 'array' and $1 @> '[null]'::jsonb", self.field(node.args[0], place))

    def when_in(self, node: ast.Call, place: Place) -> Sql:
        return self.membership(node.args[0], node.args[1], place)

    def when_includes(self, node: ast.Call, place: Place) -> Sql:
        return self.membership(node.args[1], node.args[0], place)

    def when_notin(self, node: ast.Call, place: Place) -> Sql:
        value, items = node.args
        inside = self.membership(value, items, place)
        found = self.constant(value)
        if found is not NOT_CONSTANT:
            if self.is_event_path(items):
                return sql_of("(not $1)", inside) if found is not None else FALSE
            if found is None or isinstance(found, list):
                raise Fallback("a null that is not in a list")
            return sql_of(
                "(coalesce(jsonb_typeof($1) = 'array', false) and not $2)", self.field(items, place), inside
            )
        if self.kind(value) in ("num", "text"):
            read = self.num if self.kind(value) == "num" else self.text
            return sql_of("($1 is not null and not $2)", read(value, place), inside)
        known = sql_of(f"coalesce({NO_VALUE}, false)", self.json(value, place))
        if self.constant(items) is NOT_CONSTANT:
            known = sql_of(
                "($1 and coalesce(jsonb_typeof($2) = 'array', false))", known, self.field(items, place)
            )
        return sql_of("($1 and not $2)", known, inside)

    def membership(self, value: ast.Node, items: ast.Node, place: Place) -> Sql:
        """A value in a list, each of them written or read."""
        found, written = self.constant(value), self.constant(items)
        if written is not NOT_CONSTANT:
            return self.in_written(value, written, place)
        if found is NOT_CONSTANT:
            if (
                self.kind(value) != "json"
                or self.kind(items) != "json"
                or self.is_event_list(items)
                or self.is_event_path(items)
            ):
                raise Fallback(f"membership of {reason_for(items)}")
            pieces = self.json(value, place), self.json(items, place)
            return sure(
                "jsonb_typeof($1) <> 'null' and exists (select 1 from jsonb_array_elements(case when "
                "jsonb_typeof($2) = 'array' then $2 else '[]'::jsonb end) i(v) where v = $1)",
                *pieces,
            )
        if found is None:
            return FALSE
        if not isinstance(found, str | int | float | bool):
            raise Fallback("a date or list in a list")
        if self.is_event_path(items):
            return self.event_has(items, found, place)
        return sure(
            "jsonb_typeof($1) = 'array' and $1 @> $2",
            self.field(items, place),
            bind(json.dumps([found]), "jsonb"),
        )

    def in_written(self, value: ast.Node, written: object, place: Place) -> Sql:
        if not isinstance(written, list):
            return FALSE
        if any(isinstance(item, list | dict | date) for item in written):
            raise Fallback("a list of dates or lists")
        items = [item for item in written if item is not None]
        kind = self.kind(value)
        if kind == "json":
            column = self.event_type(value, place)
            if column is not None and all(isinstance(item, str) for item in items):
                return sure("$1 = any($2)", column, bind(items, "text[]"))
            return sure(
                "$1 = any($2)", self.json(value, place), bind([json.dumps(item) for item in items], "jsonb[]")
            )
        if kind == "num" and not self.may_be_text(value):
            return sure(
                "$1 = any($2)",
                self.num(value, place),
                bind([item for item in items if type(item) in NUMBERS], "numeric[]"),
            )
        if kind == "text":
            return sure(
                "$1 = any($2)",
                self.text(value, place),
                bind([item for item in items if isinstance(item, str)], "text[]"),
            )
        raise Fallback(f"membership of {reason_for(value)}")

    def when_intersects(self, node: ast.Call, place: Place) -> Sql:
        pieces = self.two_lists(node, place)
        return sure(
            f"{BOTH_LISTS} and exists (select 1 from {ITEMS_1} i(v), {ITEMS_2} j(w) where v = w and v <> "
            f"'null'::jsonb)",
            *pieces,
        )

    def when_subsetof(self, node: ast.Call, place: Place) -> Sql:
        return sure(SUBSET, *self.two_lists(node, place))

    def when_supersetof(self, node: ast.Call, place: Place) -> Sql:
        return sure(SUBSET, *reversed(self.two_lists(node, place)))

    def two_lists(self, node: ast.Call, place: Place) -> list[Sql]:
        pieces = []
        for arg in node.args:
            value = self.constant(arg)
            if value is NOT_CONSTANT:
                pieces.append(self.field(arg, place))
            elif isinstance(value, list) and not any(isinstance(item, list | dict | date) for item in value):
                pieces.append(bind(json.dumps(value), "jsonb"))
            else:
                raise Fallback("a list of dates or lists")
        return pieces

    # Texts and patterns

    def text_test(self, node: ast.Call, place: Place) -> Sql:
        """A test written as a pattern in the row; with a third argument false, or `fold:`, both sides in
        lower case.
        """
        template = TABLE[node.fn].sql
        fold = template.startswith("fold: ")
        if len(node.args) > 2:
            sensitive = self.constant(node.args[2])
            if not isinstance(sensitive, bool):
                raise Fallback("letter case decided by a field")
            fold = not sensitive
        pieces = [self.text(arg, place) for arg in node.args[:2]]
        if fold:
            pieces = [sql_of(TABLE["lower"].sql, piece) for piece in pieces]
        return sure(template.removeprefix("fold: "), *pieces)

    def when_like(self, node: ast.Call, place: Place, word: str = "like") -> Sql:
        pattern = self.constant(node.args[1])
        if not isinstance(pattern, str):
            raise Fallback("a LIKE pattern that is not written as a text")
        return sure(f"$1 {word} $2", self.text(node.args[0], place), bind(pattern, "text"))

    def when_notlike(self, node: ast.Call, place: Place) -> Sql:
        return self.when_like(node, place, "not like")

    def when_matches(self, node: ast.Call, place: Place, whole: bool = False) -> Sql:
        pattern = self.constant(node.args[1])
        if not isinstance(pattern, str):
            raise Fallback("a pattern that is not written as a text")
        return sure(
            "$1 ~ $2", self.text(node.args[0], place), bind(to_postgres(pattern, whole=whole), "text")
        )

    def when_matchregexp(self, node: ast.Call, place: Place) -> Sql:
        return self.when_matches(node, place, whole=True)

    # Time

    def occurs(self, node: ast.Occurs, place: Place) -> Sql:
        window = window_of(node, *(self.anchor(part) for part in (node.a, node.b)), self.now, self.zone_info)
        if window is None:
            return FALSE
        return self.inside(self.moment(node.value, place), window)

    def anchor(self, node: ast.Node | None) -> object:
        if node is None or isinstance(node, ast.Period):
            return node
        value = self.constant(node)
        if value is NOT_CONSTANT:
            raise Fallback("a time measured from a field")
        return value

    def inside(self, moment: Sql, window: tuple) -> Sql:
        """Whether a moment falls into a window."""
        start, end, with_start, with_end, outside = window
        tests = []
        if start != FIRST:
            tests.append(sql_of(f"$1 {'>=' if with_start else '>'} $2", moment, bind(start, "timestamptz")))
        if end != LAST:
            tests.append(sql_of(f"$1 {'<=' if with_end else '<'} $2", moment, bind(end, "timestamptz")))
        if not tests:
            tests = [sql_of("$1 is not null", moment)]
        inside = sure("$1", join("and", tests))
        return sql_of("($1 is not null and not $2)", moment, inside) if outside else inside

    def in_period(self, node: ast.Call, place: Place) -> Sql:
        sign, unit = IN_PERIOD[node.fn]
        amount = self.constant(node.args[1])
        if type(amount) is not int:
            raise Fallback("a window whose length is not written as a number")
        far = edge(self.now, sign * amount, PARTS[unit], self.zone_info)
        start, end = (far, self.now) if sign < 0 else (self.now, far)
        return self.inside(self.moment(node.args[0], place), (start, end, True, True, False))

    def when_inaudience(self, node: ast.Call, place: Place) -> Sql:
        return sql_of(AUDIENCE.format(place.profile_id), Sql((SANDBOX,)), bind(node.args[0].value, "text"))

    # Bodies over lists

    def when_exists(self, node: ast.Call, place: Place) -> Sql:
        return self.any_item(node.args[0], node.args[1] if len(node.args) > 1 else None, place)

    def when_forall(self, node: ast.Call, place: Place) -> Sql:
        if len(node.args) == 1:
            return TRUE
        body = node.args[1]
        other = ast.Lambda(body.params, ast.Call("not", (body.body,)))
        return sql_of("(not $1)", self.any_item(node.args[0], other, place))


ITEMS_1 = "jsonb_array_elements(case when jsonb_typeof($1) = 'array' then $1 else '[]'::jsonb end)"
ITEMS_2 = ITEMS_1.replace("$1", "$2")
BOTH_LISTS = "jsonb_typeof($1) = 'array' and jsonb_typeof($2) = 'array'"
SUBSET = (
    f"{BOTH_LISTS} and not exists (select 1 from {ITEMS_1} i(v) "
    f"where v = 'null'::jsonb or not exists (select 1 from {ITEMS_2} j(w) where w = v))"
)
