"""The tree as JSON: what the visual builder edits and what is stored with a version."""

from dataclasses import fields

from profiles.expressions import limits
from profiles.expressions.ast import (
    CLASSES,
    COMPARISONS,
    LITERAL_TYPES,
    OCCURS_FORMS,
    ROOTS,
    TIME_WORDS,
    UNITS,
    Chain,
    Field,
    Lambda,
    Let,
    List,
    Literal,
    Node,
    Occurs,
    Period,
    Step,
    Var,
    call,
    path_of,
    reference,
    refuse_oversize,
)
from profiles.expressions.errors import ExprError
from profiles.expressions.functions import canonical_name, find

SAFE_INT = 2**53


def to_json(node: Node) -> dict:
    """The tree as JSON for the visual builder; absent means null."""
    result: dict = {"node": type(node).__name__}
    for slot in fields(node):
        if slot.name in ("pos", "at") or (slot.name == "type" and not isinstance(node, Literal)):
            continue
        value = getattr(node, slot.name)
        if value is None and not isinstance(node, Literal):
            continue
        result[slot.name] = _value_to_json(slot.name, value)
    if isinstance(node, Field) and not node.params:
        del result["params"]
    return result


def _value_to_json(name: str, value: object) -> object:
    if name == "params" and value and isinstance(value[0], tuple):
        return {key: to_json(node) for key, node in value}
    if isinstance(value, Step):
        return _step_to_json(value)
    if isinstance(value, tuple):
        return [_value_to_json("", part) for part in value]
    if type(value) is int and abs(value) > SAFE_INT:
        return str(value)  # a browser would round it
    return to_json(value) if type(value).__name__ in CLASSES else value


def _step_to_json(step: Step) -> dict:
    result: dict = {"name": step.name}
    for key in ("what", "when"):
        if getattr(step, key) is not None:
            result[key] = to_json(getattr(step, key))
    for key in ("count", "gap"):
        if getattr(step, key) is not None:
            result[key] = list(getattr(step, key))
    return result


# Reading


def from_json(data: object) -> Node:
    """The tree of a JSON value; anything else than a well-formed tree raises ExprError, nothing else."""
    refuse_deep_json(data)
    node = _read(data, "the tree")
    refuse_oversize(node)
    return node


def refuse_deep_json(data: object) -> None:
    count, stack = 0, [(data, 0)]
    while stack:
        value, level = stack.pop()
        count += 1
        if level > 4 * limits.AST_DEPTH or count > 20 * limits.AST_NODES:
            raise ExprError("limit", "The tree is too large or nested too deep.")
        if isinstance(value, dict):
            stack.extend((part, level + 1) for part in value.values())
        elif isinstance(value, list):
            stack.extend((part, level + 1) for part in value)
    return


def _bad(where: str, expected: str) -> ExprError:
    return ExprError("syntax", f"In {where}: expected {expected}.")


def _read(data: object, where: str, level: int = 0) -> Node:
    if level > limits.AST_DEPTH:
        raise ExprError("limit", f"The expression is nested deeper than {limits.AST_DEPTH} levels.")
    if not isinstance(data, dict):
        raise _bad(where, "an object with a node name")
    reader = READERS.get(data["node"]) if isinstance(data.get("node"), str) else None
    if reader is None:
        raise _bad(where, "one of the nodes " + " ".join(sorted(CLASSES)))
    return reader(data, level + 1)


def _text(
    data: dict, key: str, allowed: frozenset | tuple | dict | None = None, optional: bool = False
) -> str | None:
    value = data.get(key)
    if value is None and optional:
        return None
    if not isinstance(value, str) or (allowed is not None and value not in allowed):
        raise _bad(
            f"{data['node']}.{key}", "a text" if allowed is None else "one of " + " ".join(sorted(allowed))
        )
    _refuse_bad_text(value, f"{data['node']}.{key}")
    return value


def _refuse_bad_text(value: str, where: str) -> None:
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise _bad(where, "a text without the character NUL and without half surrogates")


def _whole(value: object, where: str, low: int = 0, high: int = limits.INT_MAX) -> int:
    if (
        isinstance(value, str)
        and value.lstrip("-").isascii()
        and value.lstrip("-").isdigit()
        and len(value) < 22
    ):
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise _bad(where, f"a whole number from {low} to {high}")
    return value


def _texts(data: dict, key: str) -> tuple[str, ...]:
    values = data.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _bad(f"{data['node']}.{key}", "a list of texts")
    for value in values:
        _refuse_bad_text(value, f"{data['node']}.{key}")
    return tuple(values)


def _node(data: dict, key: str, level: int, optional: bool = False) -> Node | None:
    if data.get(key) is None and optional:
        return None
    return _read(data.get(key), f"{data['node']}.{key}", level)


def _nodes(data: dict, key: str, level: int) -> tuple:
    values = data.get(key, [])
    if not isinstance(values, list):
        raise _bad(f"{data['node']}.{key}", "a list of nodes")
    return tuple(_read(value, f"{data['node']}.{key}", level) for value in values)


def _read_literal(data: dict, level: int) -> Literal:
    kind, value = _text(data, "type", LITERAL_TYPES), data.get("value")
    if kind == "str":
        value = _text(data, "value")
    elif kind == "int":
        value = _whole(value, "Literal.value", limits.INT_MIN)
    elif kind == "dec":
        if type(value) not in (int, float) or value != value or abs(value) > 1e308:
            raise _bad("Literal.value", "a number")
        value = float(value)
    elif kind == "bool" and not isinstance(value, bool):
        raise _bad("Literal.value", "true or false")
    elif kind == "timeword":
        value = _text(data, "value", TIME_WORDS)
    elif kind == "null" and value is not None:
        raise _bad("Literal.value", "null")
    return Literal(value, kind)


def _read_field(data: dict, level: int) -> Field:
    params = data.get("params") or {}
    if not isinstance(params, dict) or not all(isinstance(name, str) for name in params):
        raise _bad("Field.params", "an object")
    for name in params:
        _refuse_bad_text(name, "Field.params")
    read = tuple((name, _read(value, "Field.params", level)) for name, value in params.items())
    root, path = _text(data, "root", ROOTS), _texts(data, "path")
    if not path and root not in ("profile", "xEvent", "trigger", "offer", "context"):
        raise _bad("Field.path", "at least one name")
    if read and root in ("profile", "xEvent", "trigger", "offer", "context", "properties"):
        raise _bad("Field.params", "nothing, only references have parameters")
    return reference(root, path, read)


def _read_path(data: dict, level: int) -> Node:
    return path_of(_node(data, "of", level), _texts(data, "names"))


def _read_call(data: dict, level: int) -> Node:
    _refuse_odd_name(_text(data, "fn") or "1", "Call.fn")
    fn, args = canonical_name(data["fn"]), _nodes(data, "args", level)
    row = find(fn)
    if (
        row is not None
        and row.operator
        and not (row.form_for(len(args)) or (fn in ("and", "or") and len(args) > 2))
    ):
        raise _bad(f"Call {fn}", "the right number of arguments")
    return call(fn, args)


def _read_lambda(data: dict, level: int) -> Lambda:
    params = _texts(data, "params")
    if not params or ("" in params and len(params) > 1):
        raise _bad("Lambda.params", "names, or one empty name")
    for name in params:
        if name:
            _refuse_odd_name(name, "Lambda.params")
    return Lambda(params, _node(data, "body", level))


def _refuse_odd_name(name: str, where: str) -> None:
    if not name.replace("_", "a").isalnum() or name[0].isdigit():
        raise _bad(where, "a name of letters, digits and _")


def _read_let(data: dict, level: int) -> Let:
    _refuse_odd_name(_text(data, "name") or "1", "Let.name")
    return Let(data["name"], _node(data, "value", level), _node(data, "body", level))


def _read_occurs(data: dict, level: int) -> Occurs:
    form = _text(data, "form")
    if form.removeprefix("not ") not in OCCURS_FORMS:
        raise _bad("Occurs.form", "one of " + " ".join(sorted(OCCURS_FORMS)))
    node = Occurs(_node(data, "value", level, optional=True), form, a=_node(data, "a", level))
    if form.endswith("between"):
        node.b = _node(data, "b", level)
    if form.endswith("offset"):
        node.op, node.n, node.unit = _amount(data.get("op"), data.get("n"), data.get("unit"), "Occurs")
        node.direction = _text(data, "direction", ("before", "after"))
    return node


def _amount(op: object, n: object, unit: object, where: str) -> tuple[str, int, str]:
    if op not in COMPARISONS.values():
        raise _bad(where, "a comparison such as <=")
    if unit not in UNITS:
        raise _bad(where, "a unit such as day")
    return op, _whole(n, where), unit


def _read_chain(data: dict, level: int) -> Chain:
    steps = data.get("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise _bad("Chain.steps", "a list of steps")
    ts = _texts(data, "ts")
    if not ts:
        raise _bad("Chain.ts", "the path of the time")
    for name in ts:
        _refuse_odd_name(name or "1", "Chain.ts")
    return Chain(_node(data, "events", level), ts, tuple(_read_step(step, level) for step in steps))


def _read_step(data: dict, level: int) -> Step:
    data = {**data, "node": "Step"}
    _refuse_odd_name(_text(data, "name") or "1", "Step.name")
    step = Step(
        data["name"], _node(data, "what", level, optional=True), _node(data, "when", level, optional=True)
    )
    if step.what is not None and (not isinstance(step.what, Lambda) or step.what.params != ("",)):
        raise _bad("Step.what", 'a Lambda with the parameter ""')
    if step.when is not None and (not isinstance(step.when, Occurs) or step.when.value is not None):
        raise _bad("Step.when", "an Occurs without a value")
    if data.get("count") is not None:
        if (
            not isinstance(data["count"], list)
            or len(data["count"]) != 2
            or data["count"][0] not in COMPARISONS.values()
        ):
            raise _bad("Step.count", "a comparison and a number")
        step.count = (data["count"][0], _whole(data["count"][1], "Step.count"))
    if data.get("gap") is not None:
        if not isinstance(data["gap"], list) or len(data["gap"]) != 3:
            raise _bad("Step.gap", "a comparison, a number and a unit")
        step.gap = _amount(*data["gap"], "Step.gap")
    return step


READERS = {
    "Literal": _read_literal,
    "List": lambda data, level: List(_nodes(data, "items", level)),
    "Field": _read_field,
    "Var": lambda data, level: Var(
        _text(data, "name") if data.get("name") else "", _whole(data.get("up", 0), "Var.up")
    ),
    "Path": _read_path,
    "Call": _read_call,
    "Lambda": _read_lambda,
    "Let": _read_let,
    "Occurs": _read_occurs,
    "Period": lambda data, level: Period(
        _text(data, "word", ("this", "last", "next")), _text(data, "unit", UNITS)
    ),
    "Chain": _read_chain,
}
