"""The SQL back end: the profiles a rule holds for, found by one statement.

`sql` says what SQL can say. What it cannot is left to Python over the profiles that SQL found: a top-level
`and` narrows with its other terms; under `or` and `not` nothing is split.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from profiles.expressions import ast
from profiles.expressions.sql_conditions import Conditions
from profiles.expressions.sql_parts import TRUE, Fallback, Sql, join
from profiles.expressions.sql_values import Place
from profiles.expressions.static_types import Schema

SELECT = "select p.id from profiles_profile p"


@dataclass(frozen=True, slots=True)
class SqlRule:
    """A rule in SQL over `profiles_profile p`.

    `joins` are grouped subqueries over events, to be left-joined to p; `predicate` stands after `where`.
    `rest` is the part that Python has to judge for the profiles found, None if SQL says it all;
    `reason_for_fallback` says why.
    """

    joins: Sql
    predicate: Sql
    rest: ast.Node | None = None
    reason_for_fallback: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether SQL alone decides."""
        return self.rest is None


def sql(
    tree: ast.Node, now: datetime, *, timezone: str = "UTC", schema: Schema | Mapping | None = None
) -> SqlRule:
    """The rule for profiles as of `now` (aware), in an evaluation zone. Never raises for a checked tree.

    A path is read as objects all the way unless `schema` says that a list is in between, which falls back.
    """
    known = schema if schema is None or isinstance(schema, Schema) else Schema(schema)
    terms, failed, reasons, done = list(tree.args) if is_and(tree) else [tree], [], [], []
    compiler = Conditions(now, timezone, known)
    for term in terms:
        groups = [(group, list(group.columns), group.reads_profile) for group in compiler.groups]
        try:
            done.append(compiler.condition(inlined(term), Place()))
        except (Fallback, RecursionError) as found:
            restore(compiler, groups)
            failed.append(term)
            reasons.append(str(found) if isinstance(found, Fallback) else "a rule nested too deep")
    joins = Sql(tuple(part for group in compiler.groups for part in group.sql().parts))
    predicate = join("and", done) if done else TRUE
    if not failed:
        return SqlRule(joins, predicate)
    rest = failed[0] if len(failed) == 1 else ast.Call("and", tuple(failed))
    return SqlRule(joins, predicate, rest, "; ".join(dict.fromkeys(reasons)))


def select_profile_ids(rule: SqlRule, sandbox_id: int, ids: Sequence[int] | None = None) -> tuple[str, list]:
    """The statement that selects the ids of a sandbox's profiles, with its parameters in psycopg2's %s style.

    `ids` limits it to some profiles, in the outer query and inside every subquery.
    """
    joins, params = rule.joins.render(sandbox_id, ids)
    predicate, more = rule.predicate.render(sandbox_id, ids)
    statement = f"{SELECT}{joins} where p.sandbox_id = %s and {predicate}"
    params = [*params, sandbox_id, *more]
    if ids is not None:
        statement, params = statement + " and p.id = any(%s)", [*params, list(ids)]
    return statement, params


def is_and(node: ast.Node) -> bool:
    return isinstance(node, ast.Call) and node.fn == "and"


def restore(compiler: Conditions, groups: list) -> None:
    """Forget the subqueries and columns of a term that failed half-way."""
    for group, columns, reads_profile in groups:
        group.columns, group.reads_profile = columns, reads_profile
    del compiler.groups[len(groups) :]


def inlined(node: ast.Node) -> ast.Node:
    """The tree with named values written out, where they are small and read no variable."""
    if isinstance(node, ast.Let):
        value, uses = (
            node.value,
            sum(isinstance(part, ast.Var) and part.name == node.name for part in ast.walk(node.body)),
        )
        size = sum(1 for _ in ast.walk(value))
        if size * uses > 500 or any(
            isinstance(part, ast.Var) and not is_bound(part, value) for part in ast.walk(value)
        ):
            raise Fallback("a named value")
        return inlined(with_value(node.body, node.name, value))
    return ast.rebuild(node, inlined)


def is_bound(var: ast.Var, within: ast.Node) -> bool:
    """Whether a variable belongs to a body inside the value itself."""
    bodies = [part for part in ast.walk(within) if isinstance(part, ast.Lambda)]
    return any((var.name or "") in body.params for body in bodies) and (bool(var.name) or var.up == 0)


def with_value(node: ast.Node, name: str, value: ast.Node) -> ast.Node:
    """The tree with a variable replaced by its value."""
    if isinstance(node, ast.Var) and node.name == name:
        return value
    if isinstance(node, ast.Lambda) and name in node.params:
        return node
    if isinstance(node, ast.Let) and node.name == name:
        return ast.rebuild(node, lambda part: with_value(part, name, value) if part is node.value else part)
    if isinstance(node, ast.Path) and isinstance(node.of, ast.Var) and node.of.name == name:
        return ast.path_of(value, node.names)
    return ast.rebuild(node, lambda part: with_value(part, name, value))
