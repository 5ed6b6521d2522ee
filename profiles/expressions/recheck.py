"""When a rule may change by itself: the next instant at which the same data can give another result.

The rule is run once while every comparison with the clock is written down. What was not compared on the way
cannot matter before something that was compared changes, so the earliest of these changes is the answer. Too
early is correct, too late is not.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from profiles.expressions import ast
from profiles.expressions.dates import FIRST, LAST, add_local, edge, instant
from profiles.expressions.evaluate import Compiler
from profiles.expressions.functions import TABLE
from profiles.expressions.running import Exhausted, Run
from profiles.expressions.windows import Window, window_of

INSTANT_LEAVES = frozenset(("now", "nowWithDelta", "currentTimeInMillis"))
DAY_LEAVES = frozenset(("currentMonth", "currentYear", "currentDayOfMonth"))
DAY_WRAPPERS = frozenset(("toDateOnly", "getMonth", "getYear", "getDayOfMonth"))
ORDERS = frozenset(("lt", "le", "gt", "ge"))
SHIFTS = frozenset(("add", "sub"))
SOON = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
# The clock minus some months can jump by so much at a midnight.
CALENDAR_SLACK = timedelta(days=3)


def next_change(tree: ast.Node, snapshot: Mapping, now: datetime) -> datetime | None:
    """The earliest instant after `now` (aware) at which the result could differ with the same data, else
    None.

    Random functions and unusual uses of the clock (equality with now among them) ask to be looked at again
    every minute, days at the next midnight.
    """
    compiler = Compiler()
    body = compiler.node(tree, ())
    run = Run(snapshot, now, compiler.slots, watch=[])
    try:
        body(run)
    except (Exhausted, RecursionError):
        return None
    found = [*from_clock_words(tree, run), *from_watch(run)]
    found = [moment for moment in found if moment > run.now]
    return min(found, default=None)


def midnight(run: Run) -> datetime:
    """The first instant of the next day in the evaluation zone."""
    return instant(add_local(run.now.astimezone(run.zone).date(), 1, "day"), run.zone)


def from_clock_words(tree: ast.Node, run: Run) -> list[datetime]:
    """Re-checks for uses of the clock that are no window and no order of moments."""
    found, stack = [], [(tree, "")]
    while stack:
        node, place = stack.pop()
        if isinstance(node, ast.Literal) and node.type == "timeword":
            if place != "window" and not (place == "order" and node.value == "now"):
                found.append(midnight(run) if node.value != "now" or place == "day" else run.now + SOON)
        elif isinstance(node, ast.Call):
            if node.fn in DAY_LEAVES and place != "window":
                found.append(midnight(run))
            elif node.fn in INSTANT_LEAVES and place not in ("window", "order"):
                found.append(midnight(run) if place == "day" else run.now + SOON)
            elif node.fn in TABLE and TABLE[node.fn].volatile:
                found.append(run.now + SOON)
            inside = place_of_arguments(node, place)
            stack.extend((arg, inside) for arg in node.args)
            continue
        if isinstance(node, ast.Occurs):
            mixed = depends_on_item(node) and depends_on_clock(node)
            found.extend([run.now + SOON] if mixed else [])
            stack.extend((part, "window") for part in (node.a, node.b) if part is not None)
            stack.extend([(node.value, "")] if node.value is not None else [])
            continue
        stack.extend((child, "") for child in ast.children(node))
    return found


def place_of_arguments(node: ast.Call, place: str) -> str:
    """What stands around the arguments of a call, as far as it says how they hang on the clock."""
    if node.fn in ORDERS:
        return "order"
    if node.fn in DAY_WRAPPERS and place != "window":
        return "day"
    return place if place == "window" or (node.fn in SHIFTS and place == "order") else ""


def depends_on_item(node: ast.Occurs) -> bool:
    return any(
        isinstance(part, ast.Var) for anchor in (node.a, node.b) if anchor for part in ast.walk(anchor)
    )


def depends_on_clock(node: ast.Occurs) -> bool:
    for anchor in (node.a, node.b):
        for part in ast.walk(anchor) if anchor is not None else ():
            if isinstance(part, ast.Period) or (isinstance(part, ast.Literal) and part.type == "timeword"):
                return True
            if isinstance(part, ast.Call) and part.fn in INSTANT_LEAVES | DAY_LEAVES:
                return True
    return False


def from_watch(run: Run) -> list[datetime]:
    """The next flip of each window and of each order that was looked at."""
    found: list[datetime] = []
    moments: dict = {}
    for kind, what, other in run.watch:
        if kind == "order":
            found.append(when_orders_meet(run, what, other))
        elif other is not None:
            key = ("period", what) if kind == "period" else ("occurs", id(what))
            moments.setdefault(key, (what, []))[1].append(other)
    for (kind, _), (what, seen) in moments.items():
        window = period_window(what, run) if kind == "period" else occurs_window(what, run)
        if window is not None:
            found.extend(flips(window, seen, run.now))
    return found


def when_orders_meet(run: Run, left: datetime, right: datetime) -> datetime:
    """Two moments of which one may move with the clock: never later than when they can meet."""
    distance = abs(left - right)
    if distance <= CALENDAR_SLACK:
        return min(run.now + max(distance, TICK), midnight(run))
    try:
        return run.now + distance - CALENDAR_SLACK
    except OverflowError:
        return LAST


def period_window(what: tuple[int, str], run: Run) -> Callable[[datetime], Window | None]:
    amount, unit = what

    def window(now: datetime) -> Window:
        far = edge(now, amount, unit, run.zone)
        return (far, now, True, True, False) if amount < 0 else (now, far, True, True, False)

    return window


def occurs_window(node: ast.Occurs, run: Run) -> Callable[[datetime], Window | None] | None:
    """The window as a function of now; None where it stands still or cannot be said."""
    if depends_on_item(node) or not depends_on_clock(node):
        return None
    compiler = Compiler()
    anchors = [
        part if part is None or isinstance(part, ast.Period) else compiler.node(part, ())
        for part in (node.a, node.b)
    ]

    def window(now: datetime) -> Window | None:
        then = Run(run.snapshot, now, compiler.slots)
        values = [part(then) if callable(part) else part for part in anchors]
        return window_of(node, *values, now, run.zone)

    return window


def flips(window: Callable, moments: list[datetime], now: datetime) -> list[datetime]:
    """When each end of a window, moving forward, passes the next of the moments."""
    found = []
    current = window(now)
    if current is None:
        return []
    for side in (0, 1):
        end, with_end = current[side], current[2 + side]
        # A moment on the start stays in the window if the start belongs to it; at the end it is the reverse.
        passes = operator.gt if with_end is (side == 0) else operator.ge
        ahead = min((moment for moment in moments if not passes(end, moment)), default=None)
        if ahead is None or end in (FIRST, LAST):
            continue

        def has_passed(then: datetime, side: int = side, ahead: datetime = ahead, passes=passes) -> bool:
            return passes(window(then)[side], ahead)

        passed = first_time(has_passed, now, ahead - end)
        found.extend([passed] if passed is not None else [])
    return found


def first_time(has_passed: Callable, now: datetime, distance: timedelta) -> datetime | None:
    """The first microsecond at which a test holds that, once true, stays true; None if it never does."""
    low, high = now, now
    for slack in (timedelta(days=62), timedelta(days=800), timedelta(days=40_000), timedelta(days=800_000)):
        try:
            high = now + distance + slack
        except OverflowError:
            return None
        if has_passed(high):
            break
    else:
        return None
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        low, high = (low, middle) if has_passed(middle) else (middle, high)
    return high
