"""Import of trees in the form `pql/json`, which maps to ours one to one."""

from collections.abc import Callable

from profiles.expressions import ast, limits
from profiles.expressions.errors import ExprError
from profiles.expressions.functions import canonical_name
from profiles.expressions.tree_json import refuse_deep_json

OPERATORS = {
    "=": "eq", "==": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "+": "add",
    "-": "sub", "*": "mul", "/": "div", "%": "mod", "!": "not", "average": "avg",
}  # fmt: skip
QUANTIFIERS = {
    "some": "exists",
    "exists": "exists",
    "any": "exists",
    "all": "forall",
    "forall": "forall",
    "every": "forall",
}
LITERALS = {
    "String": "str",
    "Integer": "int",
    "Long": "int",
    "Double": "dec",
    "Number": "dec",
    "Boolean": "bool",
}
ROOT_OBJECTS = {"profile": "profile", "xevent": "xEvent", "offer": "offer", "contextdata": "context"}


def from_pql_json(data: object) -> ast.Node:
    """Our tree of an imported one; ExprError for anything that is no such tree.

    The condition that joins events to the profile by identity is dropped: our events are the profile's own.
    """
    refuse_deep_json(data)
    node = Importer().node(data, (), 0)
    ast.refuse_oversize(node)
    return node


def bad(message: str) -> ExprError:
    return ExprError("syntax", f"This is not a pql/json tree: {message}.")


class Importer:
    """One pass from the root down; `names` are the variables in sight."""

    def node(self, data: object, names: tuple[str, ...], level: int) -> ast.Node:
        if level > limits.AST_DEPTH:
            raise ExprError("limit", f"The expression is nested deeper than {limits.AST_DEPTH} levels.")
        kind = data.get("nodeType") if isinstance(data, dict) else None
        reader: Callable | None = (
            getattr(self, f"read_{kind.lower()}", None) if isinstance(kind, str) else None
        )
        if reader is None:
            raise bad(f"there is no node type {kind!r}")
        return reader(data, names, level + 1)

    def read_literal(self, data: dict, names: tuple, level: int) -> ast.Node:
        kind, value = data.get("literalType"), data.get("value")
        if kind == "XDMObject":
            root = ROOT_OBJECTS.get(str(value).lower())
            if root is None:
                raise bad(f"there is no object {value!r}")
            return ast.Field(root)
        if kind == "List" or isinstance(value, list):
            if not isinstance(value, list):
                raise bad("a List without values")
            return ast.List(tuple(self.item(part, names, level) for part in value))
        if kind in ("Date", "DateTime", "Timestamp") and isinstance(value, str):
            return ast.Call("date", (literal(value, "str"),))
        return literal(value, LITERALS.get(kind, "null" if value is None else ""))

    def item(self, value: object, names: tuple, level: int) -> ast.Node:
        """An item of a list literal: a node, or a bare value."""
        if isinstance(value, dict):
            return self.node(value, names, level)
        kinds = {str: "str", bool: "bool", int: "int", float: "dec", type(None): "null"}
        return literal(value, kinds.get(type(value), ""))

    def read_fieldlookup(self, data: dict, names: tuple, level: int) -> ast.Node:
        name = data.get("fieldName")
        if not isinstance(name, str) or not name:
            raise bad("a fieldLookup without fieldName")
        name = name.removeprefix("xdm:")
        of = ast.Field("profile") if data.get("object") is None else self.node(data["object"], names, level)
        if of == ast.Field("profile") and name == "xEvent":
            return ast.Field("xEvent")
        return ast.path_of(of, (name,))

    def read_varref(self, data: dict, names: tuple, level: int) -> ast.Node:
        name = data.get("varName")
        if name in names:
            return ast.Var(name)
        if name in ("profile", "xEvent"):
            return ast.Field(name)
        raise ExprError("unavailable", f'There is no variable "{name}" here.')

    def read_parameterreference(self, data: dict, names: tuple, level: int) -> ast.Node:
        if data.get("position", 1) != 1:
            raise ExprError("unavailable", "Rules have one parameter, the profile.")
        return ast.Field("profile")

    def read_fnapply(self, data: dict, names: tuple, level: int) -> ast.Node:
        name, params = data.get("fnName"), data.get("params", [])
        if not isinstance(name, str) or not isinstance(params, list):
            raise bad("an fnApply without fnName or params")
        args = tuple(self.node(param, names, level) for param in params)
        fn = OPERATORS.get(name) or canonical_name(name)
        if fn == "sub" and len(args) == 1:
            fn = "neg"
        if fn in ("and", "or") and len(args) == 1:
            return args[0]
        if not fn.replace("_", "a").isalnum():
            raise bad(f"there is no function {name!r}")
        return ast.call(fn, args)

    def read_quantification(self, data: dict, names: tuple, level: int) -> ast.Node:
        fn = QUANTIFIERS.get(data.get("quantifier"))
        if fn is None:
            raise bad(f"there is no quantifier {data.get('quantifier')!r}")
        return self.combinations(fn, declarations(data), names, level, [])

    def read_select(self, data: dict, names: tuple, level: int) -> ast.Node:
        first, *others = declarations(data)
        name, source, where = self.declaration(first, names, level)
        tests = [where] if where is not None else []
        if others:
            tests.append(self.combinations("exists", others, (*names, name), level, []))
        return source if not tests else ast.Call("filter", (source, ast.Lambda((name,), joined(tests))))

    def combinations(self, fn: str, variables: list, names: tuple, level: int, asked: list) -> ast.Node:
        """Joined variables, nested; `forall` asks all conditions innermost."""
        if level > limits.AST_DEPTH:
            raise ExprError("limit", "Too many joined variables.")
        name, source, where = self.declaration(variables[0], names, level)
        tests = [where] if where is not None else []
        if len(variables) > 1:
            kept = [] if fn == "exists" else [*asked, *tests]
            rest = self.combinations(fn, variables[1:], (*names, name), level + 1, kept)
            tests = [*tests, rest] if fn == "exists" else [rest]
        else:
            tests = [*asked, *tests]
        return ast.Call(fn, (source, ast.Lambda((name,), joined(tests))) if tests else (source,))

    def declaration(self, data: object, names: tuple, level: int) -> tuple[str, ast.Node, ast.Node | None]:
        """Name, source and condition of a varDecl, without the identity join."""
        name = data.get("varName") if isinstance(data, dict) else None
        if not isinstance(name, str) or not name.replace("_", "a").isalnum() or name[0].isdigit():
            raise bad("a varDecl without a usable varName")
        source = self.node(data.get("from"), names, level)
        where = None if data.get("where") is None else self.node(data["where"], (*names, name), level)
        return name, source, without_identity_join(where, name)


def literal(value: object, kind: str) -> ast.Literal:
    """A literal whose value has the type it claims."""
    if kind == "dec" and type(value) is int:
        value = float(value)
    fits = {"str": str, "int": int, "dec": float, "bool": bool, "null": type(None)}.get(kind)
    if (
        fits is None
        or type(value) is not fits
        or (kind == "int" and not limits.INT_MIN <= value <= limits.INT_MAX)
    ):
        raise bad("a literal whose value does not fit its literalType")
    if kind == "str" and any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
        raise bad("a text with NUL or half a character")
    if kind == "dec" and abs(value) > 1e308:
        raise bad("a number that is too large")
    return ast.Literal(value, kind)


def declarations(data: dict) -> list:
    variables = data.get("variables")
    if not isinstance(variables, list) or not variables:
        raise bad("no variables")
    return variables


def joined(tests: list[ast.Node]) -> ast.Node:
    return tests[0] if len(tests) == 1 else ast.Call("and", tuple(tests))


def without_identity_join(where: ast.Node | None, name: str) -> ast.Node | None:
    """`some id from x.endUserIDs where id in profile.identities` says what is always so."""
    if isinstance(where, ast.Call) and where.fn == "and":
        kept = [part for part in where.args if not is_identity_join(part, name)]
        return joined(kept) if kept else None
    return None if where is not None and is_identity_join(where, name) else where


def is_identity_join(node: ast.Node, name: str) -> bool:
    if not isinstance(node, ast.Call) or node.fn != "exists" or len(node.args) != 2:
        return False
    source, body = node.args[0], node.args[1].body
    return (
        isinstance(source, ast.Path)
        and source.of == ast.Var(name)
        and source.names[-1] == "endUserIDs"
        and isinstance(body, ast.Call)
        and body.fn == "in"
        and isinstance(body.args[0], ast.Var)
        and isinstance(body.args[1], ast.Path | ast.Field)
    )
