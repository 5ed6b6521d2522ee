"""What each name of a raw tree means: variables, time words, roots, items, profile fields. Makes the syntax
tree.

Sugar ends here: quantifiers, `select`, `[...]` and prefix aggregates become calls with a body over items.
"""

from profiles.expressions import ast
from profiles.expressions.errors import ExprError
from profiles.expressions.functions import canonical_name, item_params
from profiles.expressions.grammar import Raw

BARE_ROOTS = {
    "profile": "profile",
    "xEvent": "xEvent",
    "event": "trigger",
    "offer": "offer",
    "contextData": "context",
}
ITEM_NAMES = frozenset(
    ("currentEventField", "currentDataPackField", "currentActionField", "currentDatasetLookupField")
)
REFERENCE_ROOTS = {
    "@event": "event", "@": "event", "#": "source", "@action": "action", "@decision": "decision",
    "@datasetLookup": "datasetLookup",
}  # fmt: skip
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
COMPARISONS = {sign: name for name, sign in ast.COMPARISONS.items()}
TRUTHS = frozenset(["comparison", "and", "or", "not", "operator", "occurs", "exists", "forall", "chain"])

# A scope is a tuple of entries: ("var", name), ("profile", name) or ("item", "").
Scope = tuple[tuple[str, str], ...]


def resolve(raw: Raw, text: str = "") -> ast.Node:
    """The syntax tree of a raw tree."""
    resolver = Resolver(text)
    if raw.kind == "lambda":
        names, body = raw.parts
        return resolver.node(
            body, tuple(("profile" if not i else "unknown", n.value) for i, n in enumerate(names))
        )
    return resolver.node(raw, ())


class Resolver:
    """One pass from the root down, with the names that are visible at each place."""

    def __init__(self, text: str):
        self.text = text

    def node(self, raw: Raw, scope: Scope) -> ast.Node:
        """The node of one raw piece."""
        return getattr(self, "take_" + raw.kind.rstrip("_"))(raw, scope)

    def nodes(self, raws: list[Raw], scope: Scope) -> tuple[ast.Node, ...]:
        found = []
        for raw in raws:  # a loop, not a comprehension: one frame less for every level of a deep expression
            found.append(self.node(raw, scope))
        return tuple(found)

    def error(self, kind: str, message: str, raw: Raw, hint: str = "") -> ExprError:
        return ExprError(kind, message, raw.start, raw.end, hint, self.text)

    # Values and names

    def take_literal(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.Literal(raw.parts[0], raw.parts[1], raw.pos)

    def take_list(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.List(self.nodes(raw.parts, scope), raw.pos)

    def take_name(self, raw: Raw, scope: Scope) -> ast.Node:
        name, quoted = raw.parts
        if not quoted:
            for kind, visible in reversed(scope):
                if visible == name and kind != "item":
                    return self.variable(kind, name, raw)
            if name in ast.TIME_WORDS:
                return ast.Literal(name, "timeword", raw.pos)
            if name in BARE_ROOTS:
                return ast.Field(BARE_ROOTS[name], (), (), raw.pos)
            if name in ITEM_NAMES:
                return self.item(scope, raw, 0)
        if any(kind == "item" for kind, _ in scope):
            return ast.Path(ast.Var("", 0, raw.pos), (name,), raw.pos)
        return ast.Field("profile", (name,), (), raw.pos)

    def variable(self, kind: str, name: str, raw: Raw) -> ast.Node:
        if kind == "profile":
            return ast.Field("profile", (), (), raw.pos)
        if kind == "unknown":
            raise self.error(
                "unavailable",
                f'There is nothing to put in the place of "{name}": rules have one parameter, the profile.',
                raw,
            )
        return ast.Var(name, 0, raw.pos)

    def item(self, scope: Scope, raw: Raw, up: int) -> ast.Node:
        depth = sum(kind == "item" for kind, _ in scope)
        if up > depth or (up == depth and depth == 0):
            raise self.error(
                "unavailable",
                "There is no item here: this name belongs in a condition on a list.",
                raw,
                "For example: profile.orders.all(currentDataPackField.price > 10)",
            )
        return ast.Field("profile", (), (), raw.pos) if up == depth else ast.Var("", up, raw.pos)

    def take_outer(self, raw: Raw, scope: Scope) -> ast.Node:
        up, name, quoted = raw.parts
        depth = sum(kind == "item" for kind, _ in scope)
        if up > depth:
            raise self.error(
                "unavailable", f'"{"^" * up}" leaves more conditions than there are here: {depth}.', raw
            )
        found = self.item(scope, raw, up)
        return found if name in ITEM_NAMES and not quoted else ast.path_of(found, (name,), raw.pos)

    def take_positional(self, raw: Raw, scope: Scope) -> ast.Node:
        if raw.parts[0] != 1:
            raise self.error("unavailable", f"There is no parameter ${raw.parts[0]}: $1 is the profile.", raw)
        return ast.Field("profile", (), (), raw.pos)

    def take_access(self, raw: Raw, scope: Scope) -> ast.Node:
        of = self.node(raw.parts[0], scope)
        return ast.path_of(of, tuple(raw.parts[1]), raw.pos)

    def take_property(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.Field("properties", (raw.parts[0],), (), raw.pos)

    # References: @event{...}, #{...} and the like

    def take_reference(self, raw: Raw, scope: Scope) -> ast.Node:
        opening, path, default, *params = raw.parts
        read = tuple((param.parts[0], self.node(param.parts[1], scope)) for param in params)
        node = self.in_reference(path, scope, REFERENCE_ROOTS[opening], read)
        if default is None:
            return node
        return ast.call("ifNull", (node, self.node(default, scope)), raw.pos)

    def in_reference(self, raw: Raw, scope: Scope, root: str, params: tuple) -> ast.Node:
        """The path inside the braces: its first names are the reference, calls and conditions follow."""
        if raw.kind == "ref_start":
            return ast.reference(root, (raw.parts[0],), params, raw.pos)
        if raw.kind == "access":
            if raw.parts[0].kind == "ref_start":
                return ast.reference(root, (raw.parts[0].parts[0], *raw.parts[1]), params, raw.pos)
            return ast.path_of(
                self.in_reference(raw.parts[0], scope, root, params), tuple(raw.parts[1]), raw.pos
            )
        if raw.kind == "method":
            of = self.in_reference(raw.parts[1], scope, root, params)
            return self.method(raw, of, scope)
        of = self.in_reference(raw.parts[0], scope, root, params)
        return self.filtered(raw, of, scope)

    # Operators

    def take_and(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.Call(raw.kind, self.nodes(raw.parts, scope), raw.pos, raw.at)

    take_or = take_and

    def take_not(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.Call("not", self.nodes(raw.parts, scope), raw.pos, raw.at)

    def take_comparison(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.call(COMPARISONS[raw.parts[0]], self.nodes(raw.parts[1:], scope), raw.pos, raw.at)

    def take_arithmetic(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.call(ARITHMETIC[raw.parts[0]], self.nodes(raw.parts[1:], scope), raw.pos, raw.at)

    def take_operator(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.call(raw.parts[0], self.nodes(raw.parts[1:], scope), raw.pos, raw.at)

    def take_negative(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.call("neg", self.nodes(raw.parts, scope), raw.pos, raw.at)

    def take_if(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.Call("if", self.nodes(raw.parts, scope), raw.pos, raw.at)

    # Functions and bodies over items

    def take_function(self, raw: Raw, scope: Scope) -> ast.Node:
        fn = canonical_name(raw.parts[0])
        args = raw.parts[1:]
        return ast.call(fn, self.nodes(args, scope), raw.pos, raw.at)

    def take_method(self, raw: Raw, scope: Scope) -> ast.Node:
        return self.method(raw, self.node(raw.parts[1], scope), scope)

    def method(self, raw: Raw, of: ast.Node, scope: Scope) -> ast.Node:
        """`x.f(y)` is `f(x, y)`, with y a body over the items of x where the function takes one."""
        name, args = raw.parts[0], raw.parts[2:]
        fn = canonical_name(name)
        if fn == "filter" and not args:
            return of
        items = {1} if fn in ast.ITEM_AGGREGATES and len(args) == 1 else item_params(fn, len(args) + 1)
        nodes = tuple(
            self.body(arg, scope) if index in items else self.node(arg, scope)
            for index, arg in enumerate(args, 1)
        )
        return ast.call(fn, (of, *nodes), raw.pos, raw.at)

    def body(self, raw: Raw, scope: Scope) -> ast.Node:
        if raw.kind == "lambda":
            return self.node(raw, scope)
        return ast.Lambda(("",), self.node(raw, (*scope, ("item", ""))), raw.pos)

    def take_lambda(self, raw: Raw, scope: Scope) -> ast.Node:
        names, body = raw.parts
        inner = (*scope, *(("var", name.value) for name in names))
        return ast.Lambda(tuple(name.value for name in names), self.node(body, inner), raw.pos)

    def take_condition(self, raw: Raw, scope: Scope) -> ast.Node:
        return self.filtered(raw, self.node(raw.parts[0], scope), scope)

    def filtered(self, raw: Raw, of: ast.Node, scope: Scope) -> ast.Node:
        test = raw.parts[1]
        if test.kind == "literal" and test.parts[1] == "int":
            raise self.error(
                "type",
                "Square brackets after a list hold a condition, not a number.",
                raw,
                f"For the item at a place: .at({test.parts[0]})",
            )
        return ast.Call("filter", (of, self.body(test, scope)), raw.pos, raw.at)

    # Quantifiers, select, aggregates, let

    def take_exists(self, raw: Raw, scope: Scope) -> ast.Node:
        return self.combinations("exists", raw.parts, scope, raw, [])

    def take_forall(self, raw: Raw, scope: Scope) -> ast.Node:
        return self.combinations("forall", raw.parts, scope, raw, [])

    def combinations(
        self, fn: str, binds: list[Raw], scope: Scope, raw: Raw, asked: list[ast.Node]
    ) -> ast.Node:
        """Joined bindings, nested: `exists` asks each condition where it stands, `forall` all of them
        innermost.
        """
        name, source, where = binds[0].parts
        of = self.node(source, scope)
        inner = (*scope, ("var", name.value))
        test = None if where is None else self.node(where, inner)
        if len(binds) > 1:
            rest = self.combinations(
                fn, binds[1:], inner, raw, asked + [test] if test and fn == "forall" else asked
            )
            body = rest if test is None or fn == "forall" else ast.Call("and", (test, rest), binds[0].pos)
        else:
            asked = [*asked, *([test] if test else [])]
            body = (
                asked[0]
                if len(asked) == 1
                else ast.Call("and", tuple(asked), binds[0].pos)
                if asked
                else None
            )
        args = (of,) if body is None else (of, ast.Lambda((name.value,), body, binds[0].pos))
        return ast.Call(fn, args, raw.pos, raw.at)

    def take_select(self, raw: Raw, scope: Scope) -> ast.Node:
        name, source, where = raw.parts[0].parts
        of, inner = self.node(source, scope), (*scope, ("var", name.value))
        tests = [] if where is None else [self.node(where, inner)]
        if len(raw.parts) > 1:
            tests.append(self.combinations("exists", raw.parts[1:], inner, raw, []))
        if not tests:
            return of
        body = tests[0] if len(tests) == 1 else ast.Call("and", tuple(tests), raw.pos)
        return ast.Call("filter", (of, ast.Lambda((name.value,), body, raw.pos)), raw.pos, raw.at)

    def take_aggregate(self, raw: Raw, scope: Scope) -> ast.Node:
        fn, value, bind = raw.parts
        compared = self.compared_aggregate(raw, bind.parts[2])
        if compared is not None:
            return self.node(compared, scope)
        name, source, where = bind.parts
        inner = (*scope, ("var", name.value))
        node = self.node(source, scope)
        if where is not None:
            node = ast.Call(
                "filter", (node, ast.Lambda((name.value,), self.node(where, inner), bind.pos)), bind.pos
            )
        of_item = self.node(value, inner)
        if of_item != ast.Var(name.value):
            node = ast.Call("map", (node, ast.Lambda((name.value,), of_item, value.pos)), raw.pos)
        return ast.Call(fn, (node,), raw.pos, raw.at)

    def compared_aggregate(self, raw: Raw, where: Raw | None) -> Raw | None:
        """`sum E.p over E from xs where (c) > 100` compares the aggregate, not its condition."""
        if where is None:
            return None
        if where.kind in ("and", "or") and not where.paren:
            first = self.compared_aggregate(raw, where.parts[0])
            return None if first is None else Raw(where.kind, [first, *where.parts[1:]], raw.start, raw.end)
        if where.kind != "comparison" or where.paren:
            return None
        op, left, right = where.parts
        if not left.paren or not is_truth(left) or is_truth(right):
            return None
        fn, value, bind = raw.parts
        inner = Raw("bind", [*bind.parts[:2], left], bind.start, left.end)
        compared = Raw(
            "comparison",
            [op, Raw("aggregate", [fn, value, inner], raw.start, left.end), right],
            raw.start,
            raw.end,
        )
        compared.at = where.at
        return compared

    def take_let(self, raw: Raw, scope: Scope) -> ast.Node:
        name, value, body = raw.parts
        inner = (*scope, ("var", name.value))
        return ast.Let(name.value, self.node(value, scope), self.node(body, inner), raw.pos)

    # Time and sequences

    def take_occurs(self, raw: Raw, scope: Scope) -> ast.Node:
        value, prefix, when = raw.parts
        node = self.occurs_node(when, scope, self.node(value, scope), prefix)
        node.pos = raw.pos
        return node

    def occurs_node(self, when: Raw, scope: Scope, value: ast.Node | None, prefix: str = "") -> ast.Occurs:
        form = prefix + when.kind
        if when.kind == "offset":
            op, n, unit, side, anchor = when.parts
            return ast.Occurs(value, form, op, n, unit, side, self.node(anchor, scope), pos=when.pos)
        anchors = self.nodes(when.parts, scope)
        return ast.Occurs(value, form, a=anchors[0], b=anchors[1] if len(anchors) > 1 else None, pos=when.pos)

    def take_period(self, raw: Raw, scope: Scope) -> ast.Node:
        return ast.Period(raw.parts[0], raw.parts[1], raw.pos)

    def take_chain(self, raw: Raw, scope: Scope) -> ast.Node:
        events, path, *raws = raw.parts
        steps, earlier = [], scope
        for number, step in enumerate(raws):
            steps.append(self.step(step, earlier, first=number == 0))
            earlier = (*earlier, ("var", steps[-1].name))
        return ast.Chain(self.node(events, scope), tuple(path.parts), tuple(steps), raw.pos)

    def step(self, raw: Raw, scope: Scope, *, first: bool) -> ast.Step:
        name, *clauses = raw.parts
        step, tests = ast.Step(name.value), []
        for clause in clauses:
            if clause.kind == "what":
                tests.append(clause.parts[0])
                continue
            if getattr(step, clause.kind) is not None:
                raise self.error("syntax", f"A step has one {clause.kind.upper()} at most.", clause)
            if clause.kind == "when":
                step.when = self.occurs_node(clause.parts[0], scope, None)
            elif clause.kind == "gap" and first:
                raise self.error(
                    "syntax", "The first step has no earlier event to measure a GAP from.", clause
                )
            else:
                setattr(step, clause.kind, tuple(clause.parts))
        if tests:
            raw_test = tests[0] if len(tests) == 1 else Raw("and", tests, tests[0].start, tests[-1].end)
            step.what = self.body(raw_test, scope)
        return step


def is_truth(raw: Raw) -> bool:
    """Whether a piece is a boolean by its form alone."""
    return (
        raw.kind in TRUTHS
        or (raw.kind == "literal" and raw.parts[1] == "bool")
        or raw.kind == "method"
        and raw.parts[0] in TRUTH_METHODS
    )


TRUTH_METHODS = frozenset(
    [
        "isNull",
        "isNotNull",
        "contains",
        "contain",
        "startsWith",
        "startWith",
        "endsWith",
        "endWith",
        "equals",
        "matches",
        "exists",
        "forall",
    ]
)
