"""`occurs`: which span of time a date has to fall into."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo

from profiles.expressions import ast
from profiles.expressions.dates import FIRST, LAST, add_units, edge, instant, period, unit_around
from profiles.expressions.values import as_date, as_moment

# A window: from, to, whether each end belongs to it, and whether it is the outside that counts.
Window = tuple[datetime, datetime, bool, bool, bool]


def holds(window: Window | None, moment: datetime | None) -> bool:
    """Whether a moment falls into the window; nothing falls into no window."""
    if window is None or moment is None:
        return False
    start, end, with_start, with_end, outside = window
    after_start = moment > start or (with_start and moment == start)
    before_end = moment < end or (with_end and moment == end)
    return (after_start and before_end) is not outside


def window_of(node: ast.Occurs, a: object, b: object, now: datetime, zone: tzinfo) -> Window | None:
    """The window of an `occurs` whose anchors have these values; None if an anchor is no time."""
    outside = node.form.startswith("not ")
    form = node.form.removeprefix("not ")
    first = span(a, now, zone)
    if first is None:
        return None
    start, end, whole = first
    if form == "offset":
        found = offset(node, start, zone)
    elif form == "before":
        found = FIRST, start, True, False, False
    elif form == "after":
        found = end, LAST, whole, True, False
    elif form == "on":
        found = start, end, True, not whole, False
    else:
        second = span(b, now, zone)
        if second is None:
            return None
        found = start, second[1], True, not second[2], False
    return (*found[:4], found[4] is not outside)


def offset(node: ast.Occurs, anchor: datetime, zone: tzinfo) -> Window:
    """`<= 3 days before t` and the like."""
    before = node.direction == "before"
    far = edge(anchor, -node.n if before else node.n, node.unit, zone)
    if node.op in ("=", "!="):
        start, end = around(far, node.unit, zone)
        return start, end, True, False, node.op == "!="
    near_side = node.op in ("<=", "<")
    with_far = node.op in ("<=", ">=")
    if before:
        return (far, anchor, with_far, True, False) if near_side else (FIRST, far, True, with_far, False)
    return (anchor, far, True, with_far, False) if near_side else (far, LAST, with_far, True, False)


def around(moment: datetime, unit: str, zone: tzinfo) -> tuple[datetime, datetime]:
    try:
        return unit_around(moment, unit, zone)
    except (OverflowError, ValueError):
        return moment, moment


def span(value: object, now: datetime, zone: tzinfo) -> tuple[datetime, datetime, bool] | None:
    """First moment, end, and whether it is a whole day or period (whose end is the moment after it)."""
    try:
        if isinstance(value, ast.Period):
            return (*period(value.word, value.unit, now, zone), True)
        found = as_date(value)
        if found is None:
            return None
        if isinstance(found, datetime):
            moment = instant(found, zone)
            return moment, moment, False
        start = instant(found, zone)
        return start, add_units(start, 1, "day", zone), True
    except (OverflowError, ValueError):
        return None


def time_word(word: str, now: datetime, zone: tzinfo) -> date | datetime:
    """The value of now, today, yesterday, tomorrow."""
    if word == "now":
        return now
    shift = {"today": 0, "yesterday": -1, "tomorrow": 1}[word]
    today = now.astimezone(zone).date()
    return date.fromordinal(today.toordinal() + shift)


def window_maker(node: ast.Occurs, compile_node: Callable, number: int) -> Callable:
    """A closure from a run to the window; made once per run where no anchor depends on an item."""
    a, b = anchor(node.a, compile_node), anchor(node.b, compile_node)

    def make(run) -> Window | None:
        return window_of(node, a(run), b(run), run.now, run.zone)

    if any(
        isinstance(part, ast.Var) for top in (node.a, node.b) if top is not None for part in ast.walk(top)
    ):
        return make

    def make_once(run) -> Window | None:
        cache = run.cache
        if cache is not None and number in cache:
            return cache[number]
        return run.once(number, lambda: make(run))

    return make_once


def anchor(node: ast.Node | None, compile_node: Callable) -> Callable:
    if node is None or isinstance(node, ast.Period):
        return lambda run: node
    return compile_node(node)


def compile_occurs(node: ast.Occurs, compile_node: Callable, number: int) -> Callable:
    """A closure from a run to true or false."""
    value, make = compile_node(node.value), window_maker(node, compile_node, number)

    def occurs(run) -> bool:
        moment = as_moment(value(run), run.zone)
        if run.watch is not None:
            run.watch.append(("occurs", node, moment))
        return holds(make(run), moment)

    return occurs
