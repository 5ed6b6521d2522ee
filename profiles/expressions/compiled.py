"""An expression ready to run, made from its text once: what journeys, audiences and offers keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from profiles.expressions import ast
from profiles.expressions.analysis import fields_used
from profiles.expressions.check import Checked, check
from profiles.expressions.evaluate import compile
from profiles.expressions.functions.conversions import to_date_time_only
from profiles.expressions.values import as_date, as_number, truth


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """A checked text with its function; `run(snapshot, now)` gives the value and never raises for odd
    data.
    """

    text: str
    ast: ast.Node
    type: str
    run: Callable[[Mapping, datetime], object]
    fields: frozenset[tuple[str, tuple[str, ...]]]


@lru_cache(maxsize=4096)
def compile_text(
    text: str, want: str | None = "bool", roots: frozenset[str] | None = None
) -> CompiledExpression:
    """Check and compile a text for a place that wants a type; ExprError if it does not fit. Cached."""
    checked = check(text, want, roots=roots)
    return CompiledExpression(
        text, checked.ast, checked.type, wanted(compile(checked.ast), want), fields_used(checked.ast)
    )


def compile_expression(
    source: str | ast.Node, want: str | None = None
) -> Callable[[Mapping, datetime], object]:
    """The function of a text or tree, its result turned into the wanted type; the tree is checked first."""
    return wanted(compile(check(source, want).ast), want)


def evaluate(checked: Checked, snapshot: Mapping, now: datetime) -> object:
    """The value of a checked expression for one snapshot, as the type that was wanted."""
    return wanted(compile(checked.ast), checked.want)(snapshot, now)


def wanted(run: Callable, want: str | None) -> Callable:
    """The function with its result as the place of use wants it."""
    convert = CONVERSIONS.get(want)
    if convert is None:
        return run
    return lambda snapshot, now: convert(run(snapshot, now))


def as_local_time(value: object) -> datetime | None:
    """A date of any kind as local date and time, as toDateTimeOnly gives it."""
    found = as_date(value)
    return to_date_time_only(found) if isinstance(found, date) else None


CONVERSIONS: dict[str | None, Callable] = {
    "bool": truth, "condition": truth, "dto": as_local_time, "number": as_number, "num": as_number,
}  # fmt: skip
