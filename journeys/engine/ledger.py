"""What a batch of the executor holds in hand and writes at its end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import orjson

from ajo.core import sql
from channels_app.delivery import outbox
from journeys.engine.plan import Plan
from journeys.nodes.base import Visit

NULL = "\\N"  # in COPY's text form
ENTERING, ENTERING_AGAIN, INSIDE = "t\tf", "t\tt", "f\tf"  # is_entrance, is_reentrance

WRITE_MOVES = """
    UPDATE journeys_journeyinstance i
       SET state = v.state, node_id = v.node_id, visit = v.visit, arrived_at = v.arrived_at, due_at = v.due_at,
           reason = v.reason, ended_at = v.ended_at, woken_node = NULL
      FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::text[],
                  %s::timestamptz[]) AS v(id, state, node_id, visit, arrived_at, due_at, reason, ended_at)
     WHERE i.id = v.id
"""
FORGET_WAITS = "DELETE FROM journeys_eventwait WHERE instance_id = ANY(%s)"
STEP_COLUMNS = (
    "at", "sandbox_id", "version_id", "instance_id", "profile_id", "node_id", "kind", "status", "outlet", "visit",
    "is_entrance", "is_reentrance", "is_end", "code", "detail",
)  # fmt: skip


@dataclass(slots=True)
class Walker:
    """An instance on its way through this batch."""

    id: int
    version_id: int
    profile_id: int
    node_id: str
    visit: int
    arrived_at: datetime
    due_at: datetime
    entered_at: datetime
    is_reentrance: bool
    woken_node: str | None
    context: str
    is_fresh: bool = False  # came in with this batch
    is_entering: bool = False  # and is still at its first node
    look: Visit | None = None  # what nodes see of it
    state: str = "waiting"
    reason: str | None = None
    ended_at: datetime | None = None


@dataclass
class Ledger:
    """What a batch will write."""

    steps: list[str] = field(default_factory=list)
    messages: list[outbox.Draft] = field(default_factory=list)
    waits: list[tuple] = field(default_factory=list)
    # (version id, node id, outlet or "", column of NodeTally) -> how many
    counts: dict[tuple[int, str, str, str], int] = field(default_factory=lambda: defaultdict(int))


def step_line(
    plan: Plan,
    walker: Walker,
    node_id: str,
    kind: str,
    now: datetime,
    status: str,
    outlet: str | None,
    *,
    is_end: bool = False,
    code: str | None = None,
    detail: dict | None = None,
) -> str:
    """A step event as a line of COPY."""
    if walker.is_entering:
        flags = ENTERING_AGAIN if walker.is_reentrance else ENTERING
    else:
        flags = INSIDE
    return (
        f"{_text_of(now)}\t{plan.sandbox_id}\t{walker.version_id}\t{walker.id}\t{walker.profile_id}\t{node_id}\t{kind}\t"
        f"{status}\t{outlet or NULL}\t{walker.visit}\t{flags}\t{'t' if is_end else 'f'}\t{code or NULL}\t"
        f"{sql.copy_field(orjson.dumps(detail).decode()) if detail else NULL}\n"
    )


@lru_cache(maxsize=16)
def _text_of(now: datetime) -> str:
    """The batch's moment as text, made once for all its steps."""
    return str(now)


def write(walkers: Sequence[Walker], ledger: Ledger, now: datetime) -> None:
    """Write what the batch decided: instances, waits, step events, messages and counts."""
    sql.run(FORGET_WAITS, [[w.id for w in walkers if not w.is_fresh]])
    sql.run(
        WRITE_MOVES,
        [
            [w.id for w in walkers],
            [w.state for w in walkers],
            [w.node_id for w in walkers],
            [w.visit for w in walkers],
            [w.arrived_at for w in walkers],
            [w.due_at for w in walkers],
            [w.reason for w in walkers],
            [w.ended_at for w in walkers],
        ],
    )
    sql.copy_rows(
        "journeys_eventwait", ("definition_id", "profile_id", "instance_id", "node_id", "since"), ledger.waits
    )
    sql.copy_text("journeys_stepevent", STEP_COLUMNS, "".join(ledger.steps), len(ledger.steps))
    if ledger.messages:
        outbox.enqueue(ledger.messages)
    write_counts(ledger, now)


def write_counts(ledger: Ledger, now: datetime) -> None:
    """Append the batch's counts, a row for each node and outlet."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    tallies: dict[tuple[int, str, str], dict[str, int]] = {}
    for (version_id, node_id, outlet, column), number in ledger.counts.items():
        tallies.setdefault((version_id, node_id, outlet), {})[column] = number
    columns = ("entered", "exited", "errors")
    sql.copy_rows(
        "journeys_nodetally",
        ("version_id", "node_id", "outlet", "hour", *columns),
        (
            (*place, hour, *(numbers.get(column, 0) for column in columns))
            for place, numbers in tallies.items()
        ),
    )
