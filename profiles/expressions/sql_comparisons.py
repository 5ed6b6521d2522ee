"""Comparisons in SQL: fields, computed values and constants against each other, never null."""

import json
from datetime import date

from profiles.expressions import ast
from profiles.expressions.sql_events import Events
from profiles.expressions.sql_parts import FALSE, TRUE, Fallback, Sql, bind, sql_of, sure
from profiles.expressions.sql_values import Place, reason_for
from profiles.expressions.values import NUMBERS

SIGNS = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
NO_VALUE = "jsonb_typeof($1) not in ('null', 'array')"


class Comparisons(Events):
    """What = != < <= > >= become."""

    def comparison(self, node: ast.Call, place: Place) -> Sql:
        left, right = node.args
        kinds = self.kind(left), self.kind(right)
        if kinds[0] == "const" and kinds[1] != "const":
            return self.comparison(ast.Call(MIRRORED[node.fn], (right, left)), place)
        if kinds[1] == "const":
            return self.with_constant(node.fn, left, self.constant(right), place)
        if "other" in kinds or "bool" in kinds:
            raise Fallback(
                f"a comparison with {reason_for(left if kinds[0] in ('other', 'bool') else right)}"
            )
        if any(self.may_be_text(arg) for arg in (left, right)):
            raise Fallback("a sum that may be a text, compared with a field")
        if node.fn in ("eq", "ne"):
            return self.equality(node.fn, left, right, place)
        if "text" in kinds:
            return FALSE
        return sure(f"$1 {SIGNS[node.fn]} $2", self.num(left, place), self.num(right, place))

    def may_be_text(self, node: ast.Node) -> bool:
        """A sum of fields: of texts it is a text."""
        return any(isinstance(part, ast.Call) and part.fn == "add" for part in ast.walk(node))

    def may_be_date(self, node: ast.Node) -> bool:
        """The lowest or highest of dates is a date, which differs from every number."""
        return any(isinstance(part, ast.Call) and part.fn in ("min", "max") for part in ast.walk(node))

    def equality(self, fn: str, left: ast.Node, right: ast.Node, place: Place) -> Sql:
        kinds = {self.kind(left), self.kind(right)}
        if kinds == {"json"}:
            pieces = self.json(left, place), self.json(right, place)
            same = self.same_json(*pieces)
            if fn == "eq":
                return same
            return sql_of(
                "(coalesce(jsonb_typeof($1) <> 'null' and jsonb_typeof($2) <> 'null' and (jsonb_typeof($1) "
                "= 'array') = (jsonb_typeof($2) = 'array'), false) and not $3)",
                *pieces,
                same,
            )  # noqa: F541
        if fn == "ne" and "json" in kinds:
            raise Fallback("a field that differs from something computed")
        read = self.text if "text" in kinds else self.num
        if fn == "ne" and (self.may_be_date(left) or self.may_be_date(right)):
            raise Fallback("a lowest or highest value that may be a date")
        if kinds == {"text", "num"}:
            raise Fallback("a text compared with a number")
        return sure("$1 = $2" if fn == "eq" else "$1 <> $2", read(left, place), read(right, place))

    def same_json(self, left: Sql, right: Sql) -> Sql:
        """Equality of two fields; lists without their order."""
        bag = "(select coalesce(array_agg(v order by v), '{{}}') from jsonb_array_elements({}) i(v))"
        lists = f"{bag.format('$1')} = {bag.format('$2')}".replace("{{}}", "{}")
        return sure(
            f"case when jsonb_typeof($1) = 'array' and jsonb_typeof($2) = 'array' then {lists} else $1 = "
            f"$2 and jsonb_typeof($1) <> 'null' end",
            left,
            right,
        )

    def with_constant(self, fn: str, node: ast.Node, value: object, place: Place) -> Sql:
        """A comparison with a value known now."""
        kind = self.kind(node)
        if value is None or kind == "other":
            if value is None:
                return FALSE
            raise Fallback(f"a comparison with {reason_for(node)}")
        if kind == "bool":
            return self.truth_against(fn, self.condition(node, place), value)
        if isinstance(value, list | dict):
            return self.list_against(fn, node, value, place)
        if fn in ("eq", "ne"):
            return self.equality_with(fn, node, value, kind, place)
        if isinstance(value, date):
            return (
                FALSE
                if kind == "num"
                else sure(
                    f"$1 {SIGNS[fn]} $2", self.moment(node, place), bind(self.instant(value), "timestamptz")
                )
            )
        if type(value) in NUMBERS and kind in ("json", "num"):
            return sure(f"$1 {SIGNS[fn]} $2", self.num(node, place), bind(value, "numeric"))
        if isinstance(value, str | bool) or kind == "text":
            return FALSE
        raise Fallback("an order of durations")

    def truth_against(self, fn: str, test: Sql, value: object) -> Sql:
        if fn not in ("eq", "ne"):
            return FALSE
        if not isinstance(value, bool):
            return TRUE if fn == "ne" and not isinstance(value, list) else FALSE
        return test if value is (fn == "eq") else sql_of("(not $1)", test)

    def list_against(self, fn: str, node: ast.Node, value: list | dict, place: Place) -> Sql:
        if (
            self.kind(node) != "json"
            or not isinstance(value, list)
            or any(isinstance(item, list | dict | date) for item in value)
        ):
            raise Fallback("equality of whole lists")
        pieces = self.json(node, place), bind(json.dumps(value), "jsonb")
        if fn == "eq":
            return self.same_json(*pieces)
        if fn == "ne":
            return sql_of(
                "(coalesce(jsonb_typeof($1) = 'array', false) and not $2)", pieces[0], self.same_json(*pieces)
            )
        return FALSE

    def equality_with(self, fn: str, node: ast.Node, value: object, kind: str, place: Place) -> Sql:
        if kind == "json":
            column = self.event_type(node, place)
            if column is not None and isinstance(value, str):
                return sure("$1 = $2" if fn == "eq" else "$1 <> $2", column, bind(value, "text"))
            found = self.json(node, place)
            if isinstance(value, date):
                same = sure("$1", self.equals_date(node, value, place))
            elif isinstance(value, str | bool | int | float):
                same = sure("$1 = $2", found, bind(json.dumps(value), "jsonb"))
            else:
                raise Fallback("a duration compared with a field")
            return same if fn == "eq" else sql_of(f"(coalesce({NO_VALUE}, false) and not $2)", found, same)
        if isinstance(value, str) if kind == "text" else type(value) in NUMBERS:
            read, cast = (self.text, "text") if kind == "text" else (self.num, "numeric")
            if fn == "ne" and self.may_be_text(node):
                raise Fallback("a sum that may be a text")
            if fn == "ne" and self.may_be_date(node):
                raise Fallback("a lowest or highest value that may be a date")
            return sure("$1 = $2" if fn == "eq" else "$1 <> $2", read(node, place), bind(value, cast))
        if fn == "eq" and not (kind == "num" and self.may_be_text(node)) and not isinstance(value, date):
            return FALSE
        raise Fallback("a comparison of different types")
