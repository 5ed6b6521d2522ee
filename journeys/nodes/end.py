"""End: the path is over; its label splits reports."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from journeys.nodes.base import Move, NodeType, Outlet, Visit, node_types


@node_types.register
class End(NodeType):
    kind = "end"
    label = "End"
    category = "orchestration"
    icon = "flag"
    help = "The path ends here."
    is_end = True

    @classmethod
    def outlets(cls, params: dict) -> list[Outlet]:
        return []

    @classmethod
    def run(cls, params: dict, visits: Sequence[Visit], now: datetime) -> Iterable[Move]:
        for visit in visits:
            yield Move(visit.instance_id, ends=True, code="completed", status="ended")
