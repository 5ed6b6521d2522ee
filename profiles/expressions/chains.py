"""Sequences of events: steps in strictly increasing time, found without greed.

Where no step looks at earlier steps, the moments at which each step can end are carried from step to step;
otherwise every candidate is tried in turn. Both count against the budget.
"""

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from profiles.expressions import ast
from profiles.expressions.dates import edge
from profiles.expressions.running import walk_path
from profiles.expressions.values import as_list, as_moment
from profiles.expressions.windows import holds, window_maker

START = datetime.min.replace(tzinfo=UTC)
OPS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(slots=True)
class StepPlan:
    """A step ready to run: its test of one event, its amounts, and the slot of its name."""

    test: Callable
    window: Callable | None
    when: ast.Occurs | None
    count: tuple[str, int]
    gap: tuple[str, int, str] | None
    slot: int


def compile_chain(node: ast.Chain, compiler, scope: tuple) -> Callable:
    """A closure from a run to true or false."""
    events, ts = compiler.node(node.events, scope), node.ts
    plans, inner = [], scope
    for step in node.steps:
        plans.append(plan(step, compiler, inner))
        inner = (*inner, ("var", step.name, plans[-1].slot))
    linked = looks_back(node)

    def chain(run) -> bool:
        dated = timeline(run, events(run), ts)
        return search(run, plans, dated, START) if linked else sweep(run, plans, dated)

    return chain


def plan(step: ast.Step, compiler, scope: tuple) -> StepPlan:
    item = compiler.new_slot()
    if step.what is None:
        test = None
    else:
        test = compiler.condition(step.what.body, (*scope, ("item", "", item)))

    def judge(run, event: object) -> bool:
        if test is None:
            return True
        run.slots[item] = event
        return bool(test(run))

    window = None
    if step.when is not None:
        window = window_maker(step.when, lambda part: compiler.node(part, scope), compiler.new_number())
    op, n = step.count or (">=", 1)
    return StepPlan(
        judge, window, step.when, (">=", n + 1) if op == ">" else (op, n), step.gap, compiler.new_slot()
    )


def looks_back(node: ast.Chain) -> bool:
    """Whether a step uses the event of an earlier step."""
    earlier: set[str] = set()
    for step in node.steps:
        for part in (step.what, step.when):
            if part is not None and any(isinstance(n, ast.Var) and n.name in earlier for n in ast.walk(part)):
                return True
        earlier.add(step.name)
    return False


def timeline(run, events: object, ts: tuple[str, ...]) -> list[tuple[datetime, object]]:
    """The events that have a time, oldest first."""
    found = as_list(events) or []
    run.spend(len(found))
    dated = [(as_moment(walk_path(run, event, ts), run.zone), event) for event in found]
    return sorted(
        ((moment, event) for moment, event in dated if moment is not None), key=lambda pair: pair[0]
    )


def matching(run, step: StepPlan, dated: list) -> list[tuple[datetime, object]]:
    run.spend(len(dated))
    window = step.window(run) if step.window else None
    if run.watch is not None and step.when is not None:
        run.watch.extend(("occurs", step.when, moment) for moment, _ in dated)
    return [
        (moment, event)
        for moment, event in dated
        if (step.window is None or holds(window, moment)) and step.test(run, event)
    ]


def sweep(run, plans: list[StepPlan], dated: list) -> bool:
    """Carry all moments at which a step can end to the next step."""
    ends = [START]
    for step in plans:
        found = [(moment, None) for moment, _ in matching(run, step, dated)]
        ends = sorted({moment for moment, _ in advance(run, step, found, ends)})
        run.spend(len(ends))
        if not ends:
            return False
    return True


def search(run, plans: list[StepPlan], dated: list, after: datetime) -> bool:
    """Try every event a step can end with, as later steps look at it."""
    if not plans:
        return True
    step, *later = plans
    for moment, event in advance(run, step, matching(run, step, dated), [after]):
        run.slots[step.slot] = event
        if search(run, later, dated, moment):
            return True
    return False


def advance(run, step: StepPlan, found: list, ends: list[datetime]) -> list[tuple[datetime, object]]:
    """Where the step can end, given the matching events and the moments (in order) the step before can end
    at.
    """
    op, n = step.count
    if step.gap:
        ends = [end for end in ends if end is not START]
    if not ends:
        return []
    limits = [edge(end, step.gap[1], step.gap[2], run.zone) for end in ends] if step.gap else []
    if op == ">=":
        result = at_least(step, found, ends, limits, max(n, 1))
        return result + [(end, None) for end in ends] if n == 0 else result
    moments = [moment for moment, _ in found]
    result = []
    for index, end in enumerate(ends):
        total = len(moments) - bisect_right(moments, end)
        if not OPS[op](total, n):
            continue
        if total == 0:
            result.append((end, None))
        elif not limits or OPS[step.gap[0]](moments[-1], limits[index]):
            result.append(found[-1])
    return result


def at_least(step: StepPlan, found: list, ends: list, limits: list, n: int) -> list[tuple[datetime, object]]:
    """Every match that is the n-th or a later one after some end of the step before, at the asked
    distance.
    """
    result = []
    for index in range(n - 1, len(found)):
        usable = bisect_left(ends, found[index - n + 1][0])
        if usable and (
            not limits
            or in_distance(
                step.gap[0],
                found[index][0],
                limits[:usable] if step.gap[0] == "=" else (limits[0], limits[usable - 1]),
            )
        ):
            result.append(found[index])
    return result


def in_distance(op: str, moment: datetime, limits) -> bool:
    """Whether the moment stands in this relation to one of the limits, which are in order."""
    if op == "=":
        place = bisect_left(limits, moment)
        return place < len(limits) and limits[place] == moment
    return any(OPS[op](moment, limit) for limit in (limits[0], limits[-1]))
