"""Checking one call: does the function exist, how many arguments, which literals, which types, and the
result.
"""

from dataclasses import replace
from datetime import date, datetime

from profiles.expressions import ast
from profiles.expressions.dates import read_date, read_zone
from profiles.expressions.functions import find, nearest
from profiles.expressions.functions.moments import PARTS
from profiles.expressions.functions.rows import Function, Param
from profiles.expressions.printer import print_text
from profiles.expressions.regexes import BadPattern, compile_like, compile_regex
from profiles.expressions.static_types import (
    DATES,
    NUMBERS,
    base,
    fits,
    item_type,
    of_node,
    param_words,
    unify,
    words,
)

LITERAL_WORDS = {
    "zone": "The time zone must be written as a text, it cannot come from a field.",
    "part": 'The part must be written as a text such as "days".',
    "str": "This name must be written as a text, it cannot come from a field.",
}
ORDER = frozenset(("lt", "le", "gt", "ge"))
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "neg": "-", **ast.COMPARISONS}


def check_call(checker, node: ast.Call, scope: tuple) -> ast.Node:
    """A typed copy of the call; problems go to the checker."""
    row = find(node.fn)
    if row is None:
        return unknown_function(checker, node, scope)
    if row.name in ("and", "or"):
        return logic(checker, node, scope)
    forms = row.form_for(len(node.args))
    if not forms:
        checker.error(
            "arity",
            f"{arity_words(row)} There are {len(node.args)} here.",
            node.at,
            f"Write it as {row.signature}",
        )
        return replace(node, args=tuple(visit_loosely(checker, arg, scope) for arg in node.args), type="any")
    args = visit_args(checker, node, forms, scope)
    node = replace(node, args=args)
    before = len(checker.errors)
    form = best_form(forms, args)
    for param, arg in zip(form, args, strict=False):
        check_argument(checker, row, param, arg)
    if len(checker.errors) == before:
        special = SPECIAL.get(row.name)
        if special is not None:
            special(checker, node)
    return replace(node, type=result_type(row, node))


def unknown_function(checker, node: ast.Call, scope: tuple) -> ast.Node:
    close = nearest(node.fn)
    hint = f"Did you mean {close}?" if close else ""
    checker.error("unknown_function", f'There is no function "{node.fn}".', node.at, hint)
    return replace(node, args=tuple(visit_loosely(checker, arg, scope) for arg in node.args), type="any")


def visit_loosely(checker, arg: ast.Node, scope: tuple) -> ast.Node:
    """An argument of a call that is wrong anyway: bodies may stand anywhere."""
    if isinstance(arg, ast.Lambda):
        return checker.lambda_over(arg, scope, ("any",) * len(arg.params))
    return checker.visit(arg, scope)


def logic(checker, node: ast.Call, scope: tuple) -> ast.Node:
    args = []
    for arg in node.args:
        arg = checker.visit(arg, scope)
        checker.need_condition(arg)
        args.append(arg)
    if len(args) < 2:
        checker.error("arity", f'"{node.fn}" joins two conditions or more.', node.at)
    return replace(node, args=tuple(args), type="bool")


def arity_words(row: Function) -> str:
    counts = sorted(
        {count for form in row.forms for count in range(sum(not p.optional for p in form), len(form) + 1)}
    )
    written = " or ".join(map(str, counts))
    return f"{row.name} takes {written} argument{'' if counts == [1] else 's'}."


def visit_args(checker, node: ast.Call, forms: tuple, scope: tuple) -> tuple:
    """The typed arguments; bodies see the items of the first argument."""
    args: list = []
    for index, arg in enumerate(node.args):
        item = any(form[index].item for form in forms)
        if item and isinstance(arg, ast.Lambda):
            args.append(checker.lambda_over(arg, scope, body_types(of_node(args[0]), arg)))
        else:
            args.append(checker.visit(arg, scope))
    return tuple(args)


def body_types(source: str, body: ast.Lambda) -> tuple[str, ...]:
    if base(source) == "map" or len(body.params) == 2:
        return ("str", "any")
    return (item_type(source),) * len(body.params)


def best_form(forms: tuple, args: tuple) -> tuple[Param, ...]:
    """The form whose parameters all fit, or the first."""
    for form in forms:
        if all(fits_param(of_node(arg), param) for param, arg in zip(form, args, strict=False)):
            return form
    return forms[0]


def fits_param(type_: str, param: Param) -> bool:
    return type_ == "lambda" if param.item else fits(type_, param.type)


def check_argument(checker, row: Function, param: Param, arg: ast.Node) -> None:
    type_ = of_node(arg)
    if param.item:
        check_body(checker, row, param, arg)
    elif param.literal and not isinstance(arg, ast.Literal):
        checker.error("literal_required", LITERAL_WORDS.get(param.type, LITERAL_WORDS["str"]), arg.pos)
    elif not fits(type_, param.type):
        if row.operator and row.name in SIGNS:
            checker.error("type", f'"{SIGNS[row.name]}" needs numbers, this is {words(type_)}.', arg.pos)
        elif param.type == "cond":
            checker.need_condition(arg)
        else:
            checker.error(
                "type",
                f"{row.name} needs {param_words(param.type)} here, this is {words(type_)}.",
                arg.pos,
                hint_for(param, arg),
            )
    elif isinstance(arg, ast.Literal) and arg.type == "str":
        try:
            refuse_literal(param.type, arg.value)
        except BadPattern as found:
            checker.error(found.kind, str(found), arg.pos)


def hint_for(param: Param, arg: ast.Node) -> str:
    wrap = {"str": "toString", "int": "toInteger", "num": "toDecimal"}.get(param.type)
    if wrap is None or base(of_node(arg)) in ("list", "obj", "map", "lambda"):
        return ""
    text = print_text(arg)
    return f"{wrap}({text})" if len(text) < 60 else ""


def check_body(checker, row: Function, param: Param, arg: ast.Node) -> None:
    if not isinstance(arg, ast.Lambda):
        checker.error(
            "type",
            f"{row.name} takes a condition on the items as a method.",
            arg.pos,
            f"Write it as list.{row.name}({print_text(arg)[:60]})",
        )
    elif len(arg.params) > 2 or (len(arg.params) == 2 and row.name != "map"):
        checker.error("type", f"{row.name} hands one item at a time to its body.", arg.pos)
    elif param.type == "cond":
        checker.need_condition(arg.body)


def refuse_literal(param_type: str, value: str) -> None:
    """Raise BadPattern for a written text that cannot be what the parameter asks for."""
    if param_type == "zone" and read_zone(value) is None:
        raise BadPattern(f'There is no time zone "{value}". Write it as "Europe/Paris".')
    if param_type == "part" and value not in PARTS:
        raise BadPattern(
            f'There is no part "{value}". Use years, months, weeks, days, hours, minutes or seconds.'
        )
    if param_type == "regex":
        compile_regex(value)
    elif param_type == "like":
        compile_like(value)


# Rules of single functions


def compare_order(checker, node: ast.Call) -> None:
    """< and its like: numbers, times and durations; a text only against a time."""
    left, right = map(of_node, node.args)
    for type_ in (left, right):
        if base(type_) in ("list", "obj", "map", "bool"):
            checker.error(
                "type", f'"{SIGNS[node.fn]}" cannot compare {words(type_)}.', node.at, list_hint(node)
            )
            return
    if "any" in (left, right) or "null" in (left, right):
        return
    groups = [
        {left, right} <= NUMBERS,
        {left, right} <= DATES | {"str"} and {left, right} & DATES,
        left == right == "dur",
    ]
    if not any(groups):
        hint = ""
        if "str" in (left, right) and {left, right} & NUMBERS:
            hint = " ".join(
                f"toInteger({print_text(arg)})" if of_node(arg) == "str" and index == 0 else print_text(arg)
                for index, arg in enumerate(node.args)
            )
            hint = (
                hint.replace(" ", f" {SIGNS[node.fn]} ", 1)
                if left == "str" and " " not in print_text(node.args[0])
                else ""
            )
        checker.error(
            "type", f'"{SIGNS[node.fn]}" cannot compare {words(left)} with {words(right)}.', node.at, hint
        )


def compare_equality(checker, node: ast.Call) -> None:
    """A known list is never equal to a single value."""
    for arg, other in (node.args, node.args[::-1]):
        known = isinstance(arg, ast.Field) and of_node(arg).startswith("list:")
        if known and base(of_node(other)) not in ("list", "any", "null"):
            checker.error("type", f"{print_text(arg)} is a list.", arg.pos, list_hint(node))
            return


def list_hint(node: ast.Call) -> str:
    """How to ask for an item of a list instead of the list."""
    for arg, other in (node.args, node.args[::-1]):
        if isinstance(arg, ast.Field) and of_node(arg).startswith("list:"):
            sign, value, path = SIGNS[node.fn], print_text(other), ".".join(arg.path)
            if arg.root == "xEvent" and arg.path:
                return f"xEvent[{path} {sign} {value}] or exists E from xEvent where E.{path} {sign} {value}"
            return f"{print_text(arg)}.includes({value})"
    return ""


def addition(checker, node: ast.Call) -> None:
    left, right = map(of_node, node.args)
    if sum_type(node.fn, left, right) is None:
        checker.error("type", f'"{SIGNS[node.fn]}" cannot join {words(left)} and {words(right)}.', node.at)


def sum_type(fn: str, left: str, right: str) -> str | None:
    """The type of a sum or difference, None if there is none."""
    for type_ in (left, right):
        if base(type_) in ("list", "obj", "map", "lambda", "period", "entry"):
            return None
    if "null" in (left, right):
        return "any"
    if fn == "add" and "str" in (left, right):
        return "str"
    if "any" in (left, right):
        other = right if left == "any" else left
        return None if other in ("date", "bool", "str") else "any"
    if {left, right} <= NUMBERS:
        return "dec" if "dec" in (left, right) else "int"
    if right == "dur" and left in ("dto", "dt", "dur"):
        return left
    return right if fn == "add" and left == "dur" and right in ("dto", "dt") else None


def negation(checker, node: ast.Call) -> None:
    if of_node(node.args[0]) not in ("int", "dec", "dur", "any", "null"):
        checker.error(
            "type",
            f'"-" needs a number or a duration, this is {words(of_node(node.args[0]))}.',
            node.args[0].pos,
        )


def branches(checker, node: ast.Call) -> None:
    first, second = (of_node(arg) for arg in node.args[-2:])
    if unify(first, second) is None:
        checker.error(
            "type",
            f"Both results must have one type: {words(first)} and {words(second)} do not go together.",
            node.args[-1].pos,
        )


def date_literal(checker, node: ast.Call) -> None:
    """`date("...")` and `date(y, m, d)` that are no date."""
    if not all(isinstance(arg, ast.Literal) for arg in node.args):
        return
    parts = [arg.value for arg in node.args]
    try:
        found = read_date(parts[0]) if len(parts) == 1 else date(*parts)
    except (ValueError, OverflowError, TypeError):
        found = None
    if found is None and None not in parts:
        checker.error(
            "bad_literal",
            "This is not a date.",
            node.args[0].pos,
            'Write it as date("2030-02-19") or date(2030, 2, 19).',
        )


def class_of_instances(checker, node: ast.Call) -> None:
    checker.error("unavailable", "Only experience events can be listed by the name of their class.", node.pos)


SPECIAL = {
    **dict.fromkeys(ORDER, compare_order),
    "eq": compare_equality, "ne": compare_equality, "add": addition, "sub": addition, "neg": negation,
    "if": branches, "ifNull": branches, "date": date_literal, "modelInstances": class_of_instances,
}  # fmt: skip


# Results


def result_type(row: Function, node: ast.Call) -> str:
    """The type a call gives."""
    types = [of_node(arg) for arg in node.args]
    rule = RESULTS.get(row.result)
    return rule(node, types) if rule else row.result


def _items(types: list[str]) -> str:
    if len(types) == 1:
        return item_type(types[0])
    return unify(*types) or "any"


def _datelike(node: ast.Call, types: list[str]) -> str:
    if len(types) == 3:
        return "date"
    value = node.args[0].value if isinstance(node.args[0], ast.Literal) else None
    found = read_date(value) if isinstance(value, str) else None
    if found is None:
        return "any"
    return "date" if not isinstance(found, datetime) else "dto" if found.tzinfo is None else "dt"


def _same(node: ast.Call, types: list[str]) -> str:
    return types[0] if types[0] != "str" else "any"


RESULTS = {
    "arg0": _same,
    "item0": lambda node, types: item_type(types[0]),
    "body1": lambda node, types: (
        f"list:{of_node(node.args[1].body)}"
        if base(types[0]) == "list" and isinstance(node.args[1], ast.Lambda)
        else "any"
    ),
    "number": lambda node, types: "dec" if "dec" in types else "int" if set(types) == {"int"} else "any",
    "sum": lambda node, types: sum_type(node.fn, *types) or "any",
    "branches": lambda node, types: unify(types[-2], types[-1]) or "any",
    "datelike": _datelike,
    "total": lambda node, types: found if (found := _items(types)) in ("int", "dec", "dur") else "any",
    "mean": lambda node, types: (
        "dec" if (found := _items(types)) in NUMBERS else found if found == "dur" else "any"
    ),
    "best": lambda node, types: found if (found := _items(types)) in NUMBERS | DATES | {"dur"} else "any",
}
