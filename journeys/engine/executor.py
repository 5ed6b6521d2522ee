"""The executor: takes due instances as far as they can go, a batch at a time. The only writer of instances.

An instance keeps walking inside one batch until it must wait, so a condition costs no extra claim. The engine does
no outside I/O: messages go into the outbox in the same transaction.
"""

import gc
import heapq
import logging
import traceback
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import orjson
from django.db import OperationalError, transaction

from ajo.core import clock, sql
from channels_app.delivery import outbox
from journeys.engine.ledger import Ledger, Walker, step_line, write
from journeys.engine.plan import GLOBAL_TIMEOUT, SEPARATOR, Plan, PlanNode, plan_of
from journeys.nodes.base import ERROR, Move, Visit
from profiles.snapshots import People

log = logging.getLogger(__name__)

BATCH = 2_000
ENDED_STATUSES = {"stopped": "journeyStopped", "finished": "journeyFinished"}

# Due instances that nobody holds; the locks last until commit, so a killed process gives its rows back by itself.
CLAIM_DUE = """
    SELECT id, version_id, profile_id, node_id, visit, arrived_at, due_at, entered_at, is_reentrance, woken_node,
           context::text
      FROM journeys_journeyinstance
     WHERE state = 'waiting' AND due_at <= %s
     ORDER BY due_at
     LIMIT %s
       FOR UPDATE SKIP LOCKED
"""
VERSION_STATUSES = "SELECT id, status FROM journeys_journeyversion WHERE id = ANY(%s)"


@contextmanager
def without_collection():
    """A batch is plain rows that die with it: looking for cycles among them took a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def run_once(now: datetime | None = None, limit: int = BATCH) -> int:
    """Take one batch of due instances as far as they can go; the number taken.

    1. Claim due rows; rows another process holds are skipped.
    2. Version by version and node by node in the order of the graph, let each node decide for its visits.
    3. Write all moves, step events, messages and counts, and commit.
    """
    now = now or clock.now()
    with without_collection(), transaction.atomic():
        claimed = [Walker(*row) for row in sql.rows(CLAIM_DUE, [now, limit])]
        if claimed:
            ledger = Ledger()
            walk_all(claimed, ledger, now)
            write(claimed, ledger, now)
    return len(claimed)


def walk_all(claimed: Sequence[Walker], ledger: Ledger, now: datetime) -> None:
    """Walk everybody of a batch."""
    people = People(walker.profile_id for walker in claimed)
    by_version: dict[int, list[Walker]] = {}
    for walker in claimed:
        by_version.setdefault(walker.version_id, []).append(walker)
    statuses = dict(sql.rows(VERSION_STATUSES, [list(by_version)]))
    for version_id, walkers in by_version.items():
        plan = plan_of(version_id)
        going = []
        for walker in walkers:
            if reason := ENDED_STATUSES.get(statuses.get(version_id, "stopped")):
                leave(plan, walker, ledger, now, reason=reason, status="exited")
            elif now >= walker.entered_at + GLOBAL_TIMEOUT:
                leave(plan, walker, ledger, now, reason="globalTimeout", status="instanceTimedout")
            else:
                snapshot = people.snapshot(
                    walker.profile_id, plan.timezone, partial(_events_of, walker.context)
                )
                walker.look = Visit(
                    walker.id,
                    walker.profile_id,
                    walker.node_id,
                    0,
                    walker.arrived_at,
                    walker.entered_at,
                    snapshot,
                )
                going.append(walker)
        walk(plan, going, ledger, now)


def _events_of(context: str) -> dict:
    return orjson.loads(context).get("event", {})


def walk(plan: Plan, walkers: Iterable[Walker], ledger: Ledger, now: datetime) -> None:
    """Take walkers of one version through the graph until each waits or has ended.

    The graph has no cycles, so one pass over its places in order visits everybody at each node together.
    """
    at: dict[str, list[Walker]] = {}
    queue: list[tuple[int, str]] = []

    def send(walker: Walker, place: str) -> None:
        walker.node_id = place
        if place in at:
            at[place].append(walker)
        else:
            at[place] = [walker]
            heapq.heappush(queue, (plan.order.get(place, -1), place))

    for walker in walkers:
        if walker.visit == 0:
            walker.visit, walker.is_fresh, walker.is_entering = 1, True, True
            ledger.counts[plan.version_id, walker.node_id, "", "entered"] += 1
        send(walker, walker.node_id)
    while queue:
        _, place = heapq.heappop(queue)
        group = at.pop(place)
        members = plan.members(place)
        if not members:
            for walker in group:
                fail(walker, ledger, now, "nodeMissing", kind="unknown")
        elif len(members) == 1:
            node = members[0]
            for walker, move in decide(node, group, now):
                follow(plan, node, walker, move, ledger, now, send)
        else:
            for walker in group:
                node, move = decide_between(members, walker, now)
                follow(plan, node, walker, move, ledger, now, send)


def decide(node: PlanNode, walkers: Sequence[Walker], now: datetime) -> Iterable[tuple[Walker, Move]]:
    """Ask a node about everybody who is there. When it raises, ask one by one: only who causes it fails."""
    visits = [visit_of(walker, node) for walker in walkers]
    try:
        moves = {move.instance_id: move for move in node.run(node.params, visits, now)}
    except OperationalError:
        raise
    except Exception as error:  # a node's mistake with one person must not hold up the others
        if len(walkers) > 1:
            for walker in walkers:
                yield from decide(node, [walker], now)
            return
        log.exception("node %s failed for instance %s", node.id, walkers[0].id)
        detail = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc(limit=-5)}
        moves = {walkers[0].id: Move(walkers[0].id, error="internalError", detail=detail)}
    for walker in walkers:
        yield walker, moves.get(walker.id) or Move(walker.id, error="nodeGaveNoMove")


def decide_between(members: Sequence[PlanNode], walker: Walker, now: datetime) -> tuple[PlanNode, Move]:
    """Parallel waits and events: whichever fires first wins; at the same moment the upper one.

    They are judged at the moment the instance was due, so that a late worker does not change the winner.
    """
    moment = now if walker.woken_node else min(now, walker.due_at)
    stay = Move(walker.id)
    waits = []
    for node in members:
        _, move = next(iter(decide(node, [walker], max(moment, walker.arrived_at))))
        if move.again_at is None and move.wait_for is None:
            return node, move
        if move.again_at is not None and (stay.again_at is None or move.again_at < stay.again_at):
            stay.again_at = move.again_at
        if move.wait_for is not None:
            waits.append((node.id, move.wait_for))
    stay.detail = {"waits": waits}
    return members[0], stay


def visit_of(walker: Walker, node: PlanNode) -> Visit:
    look = walker.look
    look.node_id, look.visit, look.arrived_at = node.id, walker.visit, walker.arrived_at
    look.has_event = walker.woken_node == node.id
    return look


def follow(
    plan: Plan, node: PlanNode, walker: Walker, move: Move, ledger: Ledger, now: datetime, send
) -> None:
    """Carry out one move: on to the next node, stay, end or fail."""
    if move.error is not None and ERROR not in node.targets:
        fail(walker, ledger, now, move.error, kind=node.kind, node_id=node.id, detail=move.detail)
        return
    if move.error is not None:
        move.outlet, move.code, move.status = ERROR, move.error, "error"
    if move.message is not None:
        ledger.messages.append(
            outbox.Draft(
                plan.sandbox_id,
                walker.profile_id,
                move.message.content_id,
                move.message.message_type,
                plan.version_id,
                walker.id,
                node.id,
                walker.visit,
                walker.context,
            )  # fmt: skip
        )
    if move.outlet is None and not move.ends:
        stay(plan, node, walker, move, ledger, now)
        return
    target = node.targets.get(move.outlet) if move.outlet else None
    if target is None:  # an end node, or a path that simply ends here
        leave(
            plan,
            walker,
            ledger,
            now,
            reason=move.code or "completed",
            status=move.status,
            node=node,
            outlet=move.outlet,
        )
        return
    ledger.steps.append(
        step_line(plan, walker, node.id, node.kind, now, move.status, move.outlet, code=move.code)
    )
    count_exit(plan, walker, node, move.outlet, ledger)
    walker.visit += 1
    walker.arrived_at = now
    walker.woken_node = None
    walker.is_entering = False
    for part in target.split(SEPARATOR) if SEPARATOR in target else (target,):
        ledger.counts[plan.version_id, part, "", "entered"] += 1
    send(walker, target)


def count_exit(plan: Plan, walker: Walker, node: PlanNode, outlet: str | None, ledger: Ledger) -> None:
    """Out of a node by one way; parallel nodes that lost are left with it."""
    counts, version_id = ledger.counts, plan.version_id
    for part in walker.node_id.split(SEPARATOR) if SEPARATOR in walker.node_id else (walker.node_id,):
        counts[version_id, part, "", "exited"] += 1
    if outlet:
        counts[version_id, node.id, outlet, "exited"] += 1


def stay(plan: Plan, node: PlanNode, walker: Walker, move: Move, ledger: Ledger, now: datetime) -> None:
    """Wait here: for a time, for an event, or for whichever comes first. Never longer than an instance lives."""
    expires = walker.entered_at + GLOBAL_TIMEOUT
    walker.due_at = min(move.again_at, expires) if move.again_at is not None else expires
    waits = (move.detail or {}).get("waits") if SEPARATOR in walker.node_id else None
    if waits is None and move.wait_for is not None:
        waits = [(node.id, move.wait_for)]
    for node_id, definition_id in waits or ():
        ledger.waits.append((definition_id, walker.profile_id, walker.id, node_id, now))
    ledger.steps.append(step_line(plan, walker, node.id, node.kind, now, "waiting", None))


def leave(
    plan: Plan,
    walker: Walker,
    ledger: Ledger,
    now: datetime,
    *,
    reason: str,
    status: str,
    node: PlanNode | None = None,
    outlet: str | None = None,
) -> None:
    """The instance ends."""
    node = node or plan.nodes.get(walker.node_id.split(SEPARATOR)[0])
    walker.state, walker.reason, walker.ended_at, walker.due_at = "ended", reason, now, now
    if node is not None:
        code = None if reason == "completed" else reason
        ledger.steps.append(
            step_line(plan, walker, node.id, node.kind, now, status, outlet, is_end=True, code=code)
        )
        count_exit(plan, walker, node, outlet, ledger)


def fail(
    walker: Walker,
    ledger: Ledger,
    now: datetime,
    code: str,
    *,
    kind: str,
    node_id: str = "",
    detail: dict | None = None,
) -> None:
    """The instance cannot go on: it keeps the reason, and an admin finds it."""
    plan = plan_of(walker.version_id)
    node_id = node_id or walker.node_id
    walker.state, walker.reason, walker.ended_at, walker.due_at = "failed", code, now, now
    ledger.steps.append(
        step_line(plan, walker, node_id, kind, now, "error", None, is_end=True, code=code, detail=detail)
    )
    ledger.counts[walker.version_id, node_id, "", "errors"] += 1
