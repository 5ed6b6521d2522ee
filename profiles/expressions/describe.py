"""An expression in one plain sentence: how it was read, for people who know another language's habits."""

from collections.abc import Callable

from profiles.expressions import ast
from profiles.expressions.functions import find
from profiles.expressions.printer import amount, print_text, quote

ROOTS = {
    "xEvent": "the experience events", "trigger": "this event", "offer": "the offer",
    "context": "the request", "profile": "the profile",
}  # fmt: skip
COMPARED = {
    "eq": "is", "ne": "is not", "lt": "is less than", "le": "is at most", "gt": "is more than",
    "ge": "is at least", "in": "is one of", "notIn": "is none of", "like": "looks like",
    "notLike": "does not look like", "includes": "includes", "contain": "contains",
    "startWith": "starts with", "endWith": "ends with", "equals": "is", "notEqualTo": "is not",
    "doesNotContain": "does not contain", "matches": "contains a match of",
    "matchRegExp": "matches as a whole", "intersects": "has a value in common with", "subsetOf": "is within",
    "supersetOf": "covers", "doesNotStartWith": "does not start with", "doesNotEndWith": "does not end with",
    "equalIgnoreCase": "is (in any case)", "containIgnoreCase": "contains (in any case)",
    "startWithIgnoreCase": "starts with (in any case)", "endWithIgnoreCase": "ends with (in any case)",
    "notEqualIgnoreCase": "is not (in any case)",
}  # fmt: skip
TESTED = {
    "isNull": "is missing", "isNotNull": "is there", "isNumeric": "is a number",
    "isInteger": "is a whole number", "isDecimal": "is a decimal", "hasNull": "has an empty value",
    "isEmpty": "is an empty text", "isNotEmpty": "is a text that is not empty",
}  # fmt: skip
ARITHMETIC = {"add": "plus", "sub": "minus", "mul": "times", "div": "divided by", "mod": "modulo"}
AMOUNTS = {
    "count": "the number of", "sum": "the sum of", "avg": "the mean of", "min": "the lowest of",
    "max": "the highest of",
}  # fmt: skip
WINDOWS = {"inLast": "in the last", "inNext": "in the next"}


def describe(tree: ast.Node) -> str:
    """One English sentence, without capital and full stop: it may begin with the name of a field."""
    return Describer().say(tree)


class Describer:
    """Says nodes; what has no words of its own is written as text."""

    def say(self, node: ast.Node) -> str:
        handler: Callable = getattr(self, "say_" + type(node).__name__.lower(), print_text)
        return handler(node)

    def say_literal(self, node: ast.Literal) -> str:
        return quote(node.value) if node.type == "str" else print_text(node)

    def say_list(self, node: ast.List) -> str:
        return ", ".join(self.say(item) for item in node.items) or "nothing"

    def say_field(self, node: ast.Field) -> str:
        if not node.path:
            return ROOTS.get(node.root, node.root)
        path = ".".join(node.path)
        return path if node.root == "profile" else f"{path} of {ROOTS.get(node.root, node.root)}"

    def say_var(self, node: ast.Var) -> str:
        return node.name or ("the item" if node.up == 0 else "the outer item")

    def say_path(self, node: ast.Path) -> str:
        names = ".".join(node.names)
        if isinstance(node.of, ast.Var):
            return names if node.of.up == 0 else f"{names} of the outer item"
        return f"{names} of {self.say(node.of)}"

    def say_call(self, node: ast.Call) -> str:
        fn, args = node.fn, node.args
        if fn in ("and", "or"):
            return f" {fn} ".join(self.within(arg, "or" if fn == "and" else "") for arg in args)
        if fn == "not":
            return f"it is not so that {self.say(args[0])}"
        if fn in COMPARED and len(args) >= 2:
            return f"{self.say(args[0])} {COMPARED[fn]} {self.say(args[1])}"
        if fn in TESTED and args:
            return f"{self.say(args[0])} {TESTED[fn]}"
        if fn in ARITHMETIC and len(args) == 2:
            return f"{self.within(args[0], 'sum')} {ARITHMETIC[fn]} {self.within(args[1], 'sum')}"
        if fn == "inAudience":
            return f"the profile is in the audience {self.say(args[0])}"
        if fn == "if":
            return f"{self.say(args[1])} if {self.say(args[0])}, otherwise {self.say(args[2])}"
        if fn[:6] in WINDOWS and len(args) == 2:
            return f"{self.say(args[0])} is {WINDOWS[fn[:6]]} {self.say(args[1])} {fn[6:].lower()}"
        return self.say_function(node)

    def say_function(self, node: ast.Call) -> str:
        fn, args = node.fn, node.args
        if fn in AMOUNTS and len(args) == 1:
            return f"{AMOUNTS[fn]} {self.say(args[0])}"
        if (
            fn in ("exists", "forall", "filter", "first", "last", "map")
            and len(args) == 2
            and isinstance(args[1], ast.Lambda)
        ):
            items, test = self.say(args[0]), self.say(args[1].body)
            return {
                "exists": f"there is one in {items} where {test}",
                "forall": f"for all of {items}: {test}",
                "filter": f"{items} where {test}",
                "first": f"the first of {items} where {test}",
                "last": f"the last of {items} where {test}",
                "map": f"{test} in {items}",
            }[fn]
        if fn == "exists" and len(args) == 1:
            return f"there is something in {self.say(args[0])}"
        if fn == "ifNull":
            return f"{self.say(args[0])} (or {self.say(args[1])} if missing)"
        return (
            print_text(node)
            if find(fn) is None or not args
            else f"{fn} of {' and '.join(map(self.say, args))}"
        )

    def within(self, node: ast.Node, group: str) -> str:
        """A part in parentheses where it would be misread."""
        text = self.say(node)
        loose = isinstance(node, ast.Call) and (
            node.fn == group or (group == "sum" and node.fn in ARITHMETIC)
        )
        return f"({text})" if loose else text

    def say_lambda(self, node: ast.Lambda) -> str:
        return self.say(node.body)

    def say_let(self, node: ast.Let) -> str:
        return f"with {node.name} as {self.say(node.value)}: {self.say(node.body)}"

    def say_occurs(self, node: ast.Occurs) -> str:
        value = "its time" if node.value is None else self.say(node.value)
        return f"{value} {'does not occur' if node.form.startswith('not ') else 'occurs'} {self.when(node)}"

    def when(self, node: ast.Occurs) -> str:
        form, anchor = node.form.removeprefix("not "), self.say(node.a)
        if form == "between":
            return f"between {anchor} and {self.say(node.b)}"
        if form != "offset":
            return f"{form} {anchor}"
        distance = {
            "<=": "at most",
            "<": "less than",
            ">=": "at least",
            ">": "more than",
            "=": "exactly",
            "!=": "not",
        }
        return f"{distance[node.op]} {amount(node.n, node.unit)} {node.direction} {anchor}"

    def say_chain(self, node: ast.Chain) -> str:
        steps = []
        for step in node.steps:
            text = "any event" if step.what is None else f"an event where {self.say(step.what.body)}"
            if step.when is not None:
                text += f" which occurs {self.when(step.when)}"
            if step.count is not None:
                text += f" (count {step.count[0]} {step.count[1]})"
            if step.gap is not None:
                text += f" ({step.gap[0]} {amount(*step.gap[1:])} after the one before)"
            steps.append(text)
        return "in this order: " + ", then ".join(steps)
