"""A tree back to text, in one canonical spelling: `=`, methods, braces where a root has no bare form."""

import re

from profiles.expressions import ast
from profiles.expressions.functions import item_params
from profiles.expressions.lexer import AGGREGATES, CONSTANTS, INFIX, QUANTIFIERS, TIME_FORMS
from profiles.expressions.values import decimal_text

SIMPLE = re.compile(r"@?[^\W\d]\w*")
IN_BRACES = re.compile(r"@?[^\W\d][\w\-]*")
BARE_ROOTS = {"xEvent": "xEvent", "trigger": "event", "offer": "offer", "context": "contextData"}
ITEM = "currentEventField"
ITEM_NAMES = frozenset((ITEM, "currentDataPackField", "currentActionField", "currentDatasetLookupField"))
# Words that may mean something else at the start of a path.
RESERVED = frozenset(
    {
        *INFIX,
        *CONSTANTS,
        *QUANTIFIERS,
        *AGGREGATES,
        *TIME_FORMS,
        "if",
        "let",
        "chain",
        "this",
        "last",
        "next",
        "xdm",
    }
)
TAKEN = frozenset({*ast.TIME_WORDS, *BARE_ROOTS.values(), "profile"}) | ITEM_NAMES

# Levels, from loose to tight; what is looser than its place asks for gets parentheses.
OPEN, OR, AND, NOT, CMP, SUM, PROD, UNARY, POSTFIX, PRIMARY = range(10)
INFIX_CALLS = {
    **{name: (sign, CMP, SUM, SUM) for name, sign in ast.COMPARISONS.items()},
    "in": ("in", CMP, SUM, SUM), "notIn": ("notIn", CMP, SUM, SUM), "like": ("like", CMP, SUM, SUM),
    "notLike": ("not like", CMP, SUM, SUM), "add": ("+", SUM, SUM, PROD), "sub": ("-", SUM, SUM, PROD),
    "mul": ("*", PROD, PROD, UNARY), "div": ("/", PROD, PROD, UNARY), "mod": ("%", PROD, PROD, UNARY),
}  # fmt: skip
TESTS = {
    "isNumeric": "is numeric",
    "isInteger": "is integer",
    "isDecimal": "is decimal",
    "hasNull": "has null",
}
PAIR_FUNCTIONS = frozenset(("sum", "avg", "min", "max"))


def print_text(node: ast.Node) -> str:
    """The canonical text; parsing it gives the same tree."""
    return Printer().at(node, OPEN, ())


def quote(text: str, mark: str = '"') -> str:
    """A text literal."""
    text = text.replace("\\", "\\\\").replace(mark, "\\" + mark)
    return mark + text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + mark


class Printer:
    """Writes nodes; `scope` holds the visible variables, and "" for each item condition."""

    def at(self, node: ast.Node, level: int, scope: tuple[str, ...]) -> str:
        """The text of a node, in parentheses where its place needs a tighter one."""
        text, own = getattr(self, "write_" + type(node).__name__.lower())(node, scope)
        return f"({text})" if own < level else text

    def each(self, nodes: tuple, level: int, scope: tuple[str, ...]) -> list[str]:
        texts = []
        for node in nodes:
            texts.append(self.at(node, level, scope))
        return texts

    def write_literal(self, node: ast.Literal, scope: tuple) -> tuple[str, int]:
        if node.type == "str":
            return quote(node.value), PRIMARY
        if node.type == "null":
            return "null", PRIMARY
        if node.type == "bool":
            return ("true" if node.value else "false"), PRIMARY
        if node.type == "timeword":
            return node.value, PRIMARY
        text = str(node.value) if node.type == "int" else decimal_text(node.value)
        return text, (UNARY if text.startswith("-") else PRIMARY)

    def write_list(self, node: ast.List, scope: tuple) -> tuple[str, int]:
        return f"[{', '.join(self.each(node.items, OPEN, scope))}]", PRIMARY

    def write_field(self, node: ast.Field, scope: tuple) -> tuple[str, int]:
        if node.root == "profile":
            return ("$1" if "profile" in scope else "profile") + names(node.path), POSTFIX
        if node.root == "xEvent" and "xEvent" in scope:
            return f"#{{ExperiencePlatform.Events.experienceevent}}{names(node.path)}", POSTFIX
        if node.root == "context" and "contextData" in scope:
            return f"@{{_xdm.context.additionalParameters}}{names(node.path)}", POSTFIX
        if node.root in BARE_ROOTS:
            return BARE_ROOTS[node.root] + names(node.path), POSTFIX
        if node.root == "properties":
            return f"${{{in_braces(node.path[0])}}}{names(node.path[1:])}", POSTFIX
        return self.reference(node, "", scope), POSTFIX

    def reference(self, node: ast.Field, default: str, scope: tuple) -> str:
        """@event{E.a, defaultValue: 1, params: {id: 2}}"""
        opening = "#" if node.root == "source" else f"@{node.root}"
        text = ".".join(in_braces(name) for name in node.path)
        if default:
            text += f", defaultValue: {default}"
        if node.params:
            pairs = [f"{name_or_quoted(name)}: {self.at(value, OPEN, scope)}" for name, value in node.params]
            text += f", params: {{{', '.join(pairs)}}}"
        return f"{opening}{{{text}}}"

    def write_var(self, node: ast.Var, scope: tuple) -> tuple[str, int]:
        return (node.name or "^" * node.up + ITEM), POSTFIX

    def write_path(self, node: ast.Path, scope: tuple) -> tuple[str, int]:
        of = node.of
        if isinstance(of, ast.Var) and not of.name:
            first = node.names[0]
            plain = SIMPLE.fullmatch(first) and first not in ITEM_NAMES
            if plain and (
                of.up or (first.lower() not in RESERVED and first not in TAKEN and first not in scope)
            ):
                return "^" * of.up + first + names(node.names[1:]), POSTFIX
        return self.at(of, POSTFIX, scope) + names(node.names), POSTFIX

    def write_call(self, node: ast.Call, scope: tuple) -> tuple[str, int]:
        fn, args = node.fn, node.args
        if fn in ("and", "or"):
            level = AND if fn == "and" else OR
            return f" {fn} ".join(self.each(args, level + 1, scope)), level
        if fn == "not":
            return "not " + self.at(args[0], NOT, scope), NOT
        if fn == "neg":
            return "-" + self.at(args[0], UNARY, scope), UNARY
        if fn == "if":
            test, first, second = self.each(args, OPEN, scope)
            return f"if ({test}) then ({first}) else ({second})", PRIMARY
        if fn in INFIX_CALLS and len(args) == 2:
            sign, own, left, right = INFIX_CALLS[fn]
            return f"{self.at(args[0], left, scope)} {sign} {self.at(args[1], right, scope)}", own
        if fn in TESTS:
            return f"{self.at(args[0], SUM, scope)} {TESTS[fn]}", CMP
        if fn == "ifNull" and len(args) == 2 and is_reference(args[0]):
            return self.reference(args[0], self.at(args[1], OPEN, scope), scope), POSTFIX
        return self.function(node, scope), POSTFIX

    def function(self, node: ast.Call, scope: tuple) -> str:
        fn, args = node.fn, node.args
        if self.wants_method(node):
            return f"{self.at(args[0], POSTFIX, scope)}.{fn}({', '.join(self.bodies(args[1:], scope))})"
        return f"{fn}({', '.join(self.bodies(args, scope))})"

    def bodies(self, args: tuple, scope: tuple) -> list[str]:
        texts = []
        for arg in args:
            if isinstance(arg, ast.Lambda) and arg.params == ("",):
                texts.append(self.at(arg.body, OPEN, (*scope, "")))
            else:
                texts.append(self.at(arg, OPEN, scope))
        return texts

    def wants_method(self, node: ast.Call) -> bool:
        """Bodies need the method form; a pair of sum, and bodies that are none, need the other."""
        fn, args = node.fn, node.args
        if any(isinstance(arg, ast.Lambda) and arg.params == ("",) for arg in args):
            return True
        if not args or (fn in PAIR_FUNCTIONS and len(args) > 1) or (fn == "filter" and len(args) == 1):
            return False
        items = item_params(fn, len(args))
        if any(not isinstance(args[index], ast.Lambda) for index in items):
            return False
        return isinstance(args[0], ast.Field | ast.Var | ast.Path | ast.Call)

    def write_lambda(self, node: ast.Lambda, scope: tuple) -> tuple[str, int]:
        return f"({', '.join(node.params)}) => {self.at(node.body, OPEN, (*scope, *node.params))}", OPEN

    def write_let(self, node: ast.Let, scope: tuple) -> tuple[str, int]:
        value = self.at(node.value, SUM, scope)
        return f"let {node.name} = {value} in {self.at(node.body, OPEN, (*scope, node.name))}", OPEN

    def write_occurs(self, node: ast.Occurs, scope: tuple) -> tuple[str, int]:
        word = "not occurs" if node.form.startswith("not ") else "occurs"
        return f"{self.at(node.value, SUM, scope)} {word} {self.when(node, scope)}", CMP

    def when(self, node: ast.Occurs, scope: tuple) -> str:
        form = node.form.removeprefix("not ")
        first = self.at(node.a, SUM, scope)
        if form == "offset":
            return f"{node.op} {amount(node.n, node.unit)} {node.direction} {first}"
        if form == "between":
            return f"between {first} and {self.at(node.b, SUM, scope)}"
        return f"{form} {first}"

    def write_period(self, node: ast.Period, scope: tuple) -> tuple[str, int]:
        return f"{node.word} {node.unit}", PRIMARY

    def write_chain(self, node: ast.Chain, scope: tuple) -> tuple[str, int]:
        steps, inner = [], scope
        for step in node.steps:
            steps.append(self.step(step, inner))
            inner = (*inner, step.name)
        path = ".".join(node.ts)
        return f"chain({self.at(node.events, OPEN, scope)}, {path}, [{', '.join(steps)}])", PRIMARY

    def step(self, step: ast.Step, scope: tuple) -> str:
        text = f"{step.name}:"
        if step.what is not None:
            text += f" WHAT({self.at(step.what.body, OPEN, (*scope, ''))})"
        if step.when is not None:
            text += f" WHEN({self.when(step.when, scope)})"
        if step.count is not None:
            op, n = step.count
            text += f" COUNT({n})" if op == ">=" else f" COUNT({op} {n})"
        if step.gap is not None:
            text += f" GAP({step.gap[0]} {amount(*step.gap[1:])})"
        return text


def amount(n: int, unit: str) -> str:
    """3 days, 1 day"""
    return f"{n} {unit if n == 1 else ast.PLURALS[unit]}"


def names(path: tuple[str, ...]) -> str:
    """A run of names with its dots."""
    return "".join("." + name_or_quoted(name) for name in path)


def name_or_quoted(name: str) -> str:
    return name if SIMPLE.fullmatch(name) and name != "xdm" else quote(name, "'")


def in_braces(name: str) -> str:
    return name if IN_BRACES.fullmatch(name) and name != "xdm" else quote(name, "'")


def is_reference(node: ast.Node) -> bool:
    """A field written in braces."""
    return (
        isinstance(node, ast.Field)
        and node.root not in BARE_ROOTS
        and node.root not in ("profile", "properties")
    )
