"""The scalar functions of the table as plain Python callables, for message templates."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from profiles.expressions.evaluate import constant, invoke, null_rule, or_empty, reader
from profiles.expressions.functions import TABLE
from profiles.expressions.functions.rows import Function
from profiles.expressions.running import Run

UNSUITABLE = frozenset(("inAudience", "modelInstances"))
KNOWN = (str, bool, int, float, list, dict, date, timedelta)


def template_filters(
    clock: Callable[[], datetime] = lambda: datetime.now(UTC), timezone: str = "UTC"
) -> dict[str, Callable]:
    """Every function that needs no body over items, by name and alias, as a callable over plain values.

    They take and give what expressions do (dates as datetime objects, None for null), never raise, and read
    an undefined template value as null. `clock` gives now (aware) and `timezone` is the zone of texts without
    offset.
    """
    found = {}
    for row in TABLE.values():
        if (
            row.operator
            or row.name in UNSUITABLE
            or all(any(p.item and not p.optional for p in f) for f in row.forms)
        ):
            continue
        python = as_callable(row, clock, timezone)
        found.update(dict.fromkeys((row.name, *row.aliases), python))
    return found


def as_callable(function: Function, clock: Callable[[], datetime], timezone: str) -> Callable:
    """A function of the table as a Python function of its arguments."""

    def call(*args: object) -> object:
        forms = [form for form in function.form_for(len(args)) if not any(p.item for p in form[: len(args)])]
        if not forms:
            return None
        readers = []
        for index, value in enumerate(args):
            read = constant(reader([form[index].type for form in forms])(plain(value)))
            listed = all(form[index].type == "list" for form in forms)
            readers.append(or_empty(read) if function.nulls == "aggregate" and listed else read)
        run = Run({"timezone": timezone}, clock(), 0)
        return invoke(function, readers, null_rule(function))(run)

    call.__name__, call.__doc__ = function.name, function.help
    return call


def plain(value: object) -> object:
    """A template value as a value of the language: what it does not know, such as undefined, is null."""
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, KNOWN) else None
