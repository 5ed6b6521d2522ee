"""The Python back end: a tree becomes closures once, and runs over any number of snapshots."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from profiles.expressions import ast, values
from profiles.expressions.chains import compile_chain
from profiles.expressions.comparisons import COMPARED, NOTHING
from profiles.expressions.dates import read_zone
from profiles.expressions.functions import TABLE
from profiles.expressions.functions.moments import PARTS as TIME_PARTS
from profiles.expressions.functions.rows import Function
from profiles.expressions.limits import RESULT_CHARACTERS
from profiles.expressions.regexes import as_like, as_regex
from profiles.expressions.running import PARTS, Exhausted, PartFailed, Run, logger, walk_path
from profiles.expressions.windows import compile_occurs, time_word

# What a function may raise for values it cannot take; the result is null then.
UNCOMPUTABLE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
READERS: dict[str, Callable] = {
    **values.READ_AS,
    "regex": as_regex,
    "like": as_like,
    "zone": lambda value: read_zone(value) if isinstance(value, str) else None,
    "part": lambda value: TIME_PARTS.get(value) if isinstance(value, str) else None,
    "cond": lambda value: value,
    "expr": lambda value: value,
}
exhausted_count = 0


def compile(tree: ast.Node) -> Callable[[Mapping, datetime], object]:
    """A function of a snapshot and of now (aware) that gives the value of the tree.

    It never raises for odd data: what cannot be computed is None. What a lazy part of the snapshot raises
    goes on to the caller. Lazy parts are zero-argument callables; in a plain dict they are replaced by what
    they gave, and `xEvent` by the events in order.
    """
    compiler = Compiler()
    body = compiler.node(tree, ())
    slots = compiler.slots

    def run(snapshot: Mapping, now: datetime) -> object:
        try:
            return body(Run(snapshot, now, slots))
        except (Exhausted, RecursionError) as found:
            count_exhausted(found)
            return None
        except PartFailed as found:
            raise found.__cause__ from None

    return run


def count_exhausted(found: Exception) -> None:
    global exhausted_count
    exhausted_count += 1
    logger.warning("An expression ran out of its budget (%s); its value is null.", type(found).__name__)


def constant(value: object) -> Callable:
    """A closure known to give the same value always."""

    def give(run: Run) -> object:
        return value

    give.constant = value
    return give


def is_constant(*closures: Callable) -> bool:
    return all(hasattr(closure, "constant") for closure in closures)


# A scope is a tuple of (kind, name, slot).
Scope = tuple[tuple[str, str, int], ...]


class Compiler:
    """Makes the closures of one tree."""

    def __init__(self):
        self.slots = 0
        self.numbers = 0

    def new_slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def new_number(self) -> int:
        self.numbers += 1
        return self.numbers

    def node(self, node: ast.Node, scope: Scope) -> Callable[[Run], object]:
        """The closure of a node."""
        return getattr(self, "make_" + type(node).__name__.lower())(node, scope)

    def condition(self, node: ast.Node, scope: Scope) -> Callable[[Run], object]:
        """A closure whose result is true exactly where the node holds as a condition (None counts as
        false).
        """
        closure = self.node(node, scope)
        if gives_truth(node):
            return closure
        truth = values.truth
        return lambda run: truth(closure(run))

    def make_literal(self, node: ast.Literal, scope: Scope) -> Callable:
        if node.type != "timeword":
            return constant(node.value)
        word = node.value
        return lambda run: time_word(word, run.now, run.zone)

    def make_list(self, node: ast.List, scope: Scope) -> Callable:
        items = []
        for item in node.items:
            items.append(self.node(item, scope))
        if is_constant(*items):
            return constant([item.constant for item in items])
        return lambda run: [item(run) for item in items]

    def make_field(self, node: ast.Field, scope: Scope) -> Callable:
        names = node.path
        if node.root == "xEvent":
            return lambda run: walk_path(run, run.events(), names)
        if node.root == "trigger":
            first = names[0] if names else None
            return lambda run: walk_path(run, run.trigger(first), names)
        part = PARTS[node.root]

        def read(run: Run) -> object:
            value = run.snapshot.get(part)
            if type(value) is not dict:
                value = run.part(part)
            for name in names:
                if type(value) is dict:
                    value = value.get(name)
                else:
                    return None if value is None else walk_path(run, value, names[names.index(name) :])
            return value

        return read if len(set(names)) == len(names) else lambda run: walk_path(run, run.part(part), names)

    def make_var(self, node: ast.Var, scope: Scope) -> Callable:
        if node.name:
            slot = next(slot for kind, name, slot in reversed(scope) if kind == "var" and name == node.name)
        else:
            slot = [slot for kind, _, slot in reversed(scope) if kind == "item"][node.up]
        return lambda run: run.slots[slot]

    def make_path(self, node: ast.Path, scope: Scope) -> Callable:
        of, names = self.node(node.of, scope), node.names
        if len(names) == 1:
            name = names[0]

            def read(run: Run) -> object:
                value = of(run)
                return value.get(name) if type(value) is dict else walk_path(run, value, names)

            return read
        return lambda run: walk_path(run, of(run), names)

    def make_let(self, node: ast.Let, scope: Scope) -> Callable:
        slot = self.new_slot()
        value, body = self.node(node.value, scope), self.node(node.body, (*scope, ("var", node.name, slot)))

        def let(run: Run) -> object:
            run.slots[slot] = value(run)
            return body(run)

        return let

    def make_occurs(self, node: ast.Occurs, scope: Scope) -> Callable:
        return compile_occurs(node, lambda part: self.node(part, scope), self.new_number())

    def make_chain(self, node: ast.Chain, scope: Scope) -> Callable:
        return compile_chain(node, self, scope)

    def make_lambda(self, node: ast.Lambda, scope: Scope) -> Callable:
        return constant(None)  # refused by check; a body is made by make_body

    make_period = make_lambda

    def make_call(self, node: ast.Call, scope: Scope) -> Callable:
        special = getattr(self, "call_" + node.fn, None)
        if special is not None:
            return special(node, scope)
        function = TABLE.get(node.fn)
        if function is None:
            return constant(None)
        if len(node.args) == 2 and node.fn in COMPARED:
            found = self.compare_with_literal(node, scope)
            if found is not None:
                return found
        return self.call_function(function, node, scope)

    # Logic

    def call_and(self, node: ast.Call, scope: Scope) -> Callable:
        tests = self.conditions(node.args, scope)
        if len(tests) == 2:
            first, second = tests
            return lambda run: True if first(run) and second(run) else False  # noqa: SIM210 - twice as fast
        if len(tests) == 3:
            first, second, third = tests
            return lambda run: True if first(run) and second(run) and third(run) else False  # noqa: SIM210

        def both(run: Run) -> bool:
            for test in tests:  # noqa: SIM110 - faster than all() with a generator
                if not test(run):
                    return False
            return True

        return both

    def call_or(self, node: ast.Call, scope: Scope) -> Callable:
        tests = self.conditions(node.args, scope)

        def either(run: Run) -> bool:
            for test in tests:  # noqa: SIM110
                if test(run):
                    return True
            return False

        return either

    def conditions(self, nodes: tuple, scope: Scope) -> list[Callable]:
        tests = []
        for node in nodes:
            tests.append(self.condition(node, scope))
        return tests

    def call_not(self, node: ast.Call, scope: Scope) -> Callable:
        test = self.condition(node.args[0], scope)
        return lambda run: not test(run)

    def call_if(self, node: ast.Call, scope: Scope) -> Callable:
        test = self.condition(node.args[0], scope)
        first, second = self.node(node.args[1], scope), self.node(node.args[2], scope)
        return lambda run: first(run) if test(run) else second(run)

    def call_ifNull(self, node: ast.Call, scope: Scope) -> Callable:  # noqa: N802
        value, default = self.node(node.args[0], scope), self.node(node.args[1], scope)

        def either(run: Run) -> object:
            found = value(run)
            return default(run) if found is None else found

        return either

    # Comparisons with a literal

    def compare_with_literal(self, node: ast.Call, scope: Scope) -> Callable | None:
        """A closure made for the literal on the right, or None."""
        literal = written_value(node.args[1])
        accepts, factory = COMPARED[node.fn]
        return factory(self.node(node.args[0], scope), literal) if accepts(literal) else None

    # Functions

    def call_function(self, function: Function, node: ast.Call, scope: Scope) -> Callable:
        """The closure of a call by its row: arguments read as their types, nulls as the row says."""
        forms = function.form_for(len(node.args))
        if not forms:
            return constant(None)
        readers = []
        for index, arg in enumerate(node.args):
            params = [form[index] for form in forms]
            read = self.argument(arg, params, scope)
            empty = function.nulls == "aggregate" and all(param.type == "list" for param in params)
            readers.append(or_empty(read) if empty else read)
        call = invoke(function, readers, null_rule(function))
        foldable = is_constant(*readers) and not function.env and not function.volatile and readers
        return constant(call(Run({}, datetime(2000, 1, 1, tzinfo=UTC), 0))) if foldable else call

    def argument(self, arg: ast.Node, params: list, scope: Scope) -> Callable:
        if isinstance(arg, ast.Lambda):
            return self.make_body(arg, scope, any(param.type == "cond" for param in params))
        read = reader([param.type for param in params])
        value = self.node(arg, scope)
        if is_constant(value):
            return constant(read(value.constant))
        if any(param.type in ("list", "map") for param in params):
            return counted(value, read)
        return value if read is READERS["any"] else (lambda run: read(value(run)))

    def make_body(self, node: ast.Lambda, scope: Scope, as_condition: bool) -> Callable:
        """A closure that gives a Python callable over one item, or over key and value."""
        slots = [self.new_slot() for _ in node.params]
        if node.params == ("",):
            inner = (*scope, ("item", "", slots[0]))
        else:
            inner = (*scope, *(("var", name, slot) for name, slot in zip(node.params, slots, strict=True)))
        body = (self.condition if as_condition else self.node)(node.body, inner)
        first, last = slots[0], slots[-1]

        def prepare(run: Run) -> Callable:
            filled = run.slots

            def each(item: object, *value: object) -> object:
                filled[first] = item
                if value:
                    filled[last] = value[0]
                return body(run)

            return each

        return prepare


KEEP = object()


def written_value(node: ast.Node) -> object:
    """The value of a literal, or of a list of literals; NOTHING for everything else."""
    if isinstance(node, ast.Literal) and node.type != "timeword":
        return node.value
    if isinstance(node, ast.List):
        found = [written_value(item) if isinstance(item, ast.Literal) else NOTHING for item in node.items]
        return NOTHING if NOTHING in found else found
    return NOTHING


def gives_truth(node: ast.Node) -> bool:
    """Whether a node gives only true, false or null."""
    if isinstance(node, ast.Call):
        return node.fn in TABLE and TABLE[node.fn].result == "bool"
    return isinstance(node, ast.Occurs | ast.Chain)


def reader(types: list[str]) -> Callable:
    """Reads a value as one of the types."""
    readers = list(dict.fromkeys(READERS[type_] for type_ in types))
    if READERS["any"] in readers:
        return READERS["any"]
    if len(readers) == 1:
        return readers[0]

    def read(value: object) -> object:
        return next((found for found in (each(value) for each in readers) if found is not None), None)

    return read


def counted(value: Callable, read: Callable) -> Callable:
    """An argument that is a list or map: its size counts against the budget."""

    def give(run: Run) -> object:
        found = read(value(run))
        if found is not None:
            run.spend(len(found))
        return found

    return give


def or_empty(read: Callable) -> Callable:
    """An argument of an aggregate: a null list is an empty one."""
    if is_constant(read):
        return constant([] if read.constant is None else read.constant)
    return lambda run: read(run) or []


def null_rule(function: Function) -> object:
    """What a null argument gives; KEEP hands it to the function."""
    return {"strict": None, "predicate": False}.get(function.nulls, KEEP)


def invoke(function: Function, readers: list[Callable], on_null: object) -> Callable:
    """A closure that reads the arguments and calls the function of a row."""
    python, env = function.python, function.env
    limited = function.result == "str"

    def call(run: Run) -> object:
        args = [run] if env else []
        for read in readers:
            value = read(run)
            if value is None and on_null is not KEEP:
                return on_null
            args.append(value)
        try:
            result = python(*args)
        except UNCOMPUTABLE:
            return False if on_null is False else None
        return None if limited and result is not None and len(result) > RESULT_CHARACTERS else result

    return call
