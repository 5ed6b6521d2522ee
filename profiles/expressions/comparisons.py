"""Closures for comparisons with a literal, the commonest conditions of all: each factory gets the closure of
the value.
"""

import operator
from collections.abc import Callable
from datetime import date

from profiles.expressions import values
from profiles.expressions.functions.lists import among
from profiles.expressions.functions.operators import is_in
from profiles.expressions.running import Run

NOTHING = object()  # no literal


def equals_literal(value: Callable, literal: object) -> Callable:
    equal, kind = values.equal, type(literal)
    if kind is str:

        def same_text(run: Run) -> bool:
            found = value(run)
            return found == literal if type(found) is str else equal(found, literal)

        return same_text
    if kind is bool:
        return lambda run: value(run) is literal
    if kind in values.NUMBERS:

        def same_number(run: Run) -> bool:
            found = value(run)
            return (type(found) is int or type(found) is float) and found == literal

        return same_number
    return lambda run: equal(value(run), literal)


def differs_from_literal(value: Callable, literal: object) -> Callable:
    different = values.different

    def differs(run: Run) -> bool:
        return different(value(run), literal)

    return differs


def ordered_with_literal(name: str) -> Callable:
    """A factory for < <= > >= with a number on the right."""
    compare = getattr(operator, name)

    def factory(value: Callable, literal: object) -> Callable:
        def ordered(run: Run) -> bool:
            found = value(run)
            return (type(found) is int or type(found) is float) and compare(found, literal)

        return ordered

    return factory


def in_literal(value: Callable, items: list) -> Callable:
    """Membership of a written list: texts and numbers are looked up by hash."""
    texts = frozenset(item for item in items if type(item) is str)
    test = member_test(items)

    def is_member(run: Run) -> bool:
        found = value(run)
        return found in texts if type(found) is str else test(found)

    return is_member


def not_in_literal(value: Callable, items: list) -> Callable:
    test = member_test(items)

    def is_no_member(run: Run) -> bool:
        found = value(run)
        return found is not None and not isinstance(found, list) and not test(found)

    return is_no_member


def member_test(items: list) -> Callable:
    test = among(items)
    return lambda found: is_in(found, items) if isinstance(found, date) else test(found)


def is_scalar(literal: object) -> bool:
    return literal is not None and literal is not NOTHING and not isinstance(literal, list)


def is_number(literal: object) -> bool:
    return type(literal) in values.NUMBERS


def is_list(literal: object) -> bool:
    return isinstance(literal, list) and not any(isinstance(item, list) for item in literal)


# For each comparison: which literals have a closure of their own, and its factory.
COMPARED: dict[str, tuple[Callable, Callable]] = {
    "eq": (is_scalar, equals_literal),
    "ne": (is_scalar, differs_from_literal),
    "in": (is_list, in_literal),
    "notIn": (is_list, not_in_literal),
    **{name: (is_number, ordered_with_literal(name)) for name in ("lt", "le", "gt", "ge")},
}
