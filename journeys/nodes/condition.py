"""Condition: send people down the first path whose expression is true for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django import forms

from journeys.nodes.base import Move, NodeForm, NodeType, Outlet, Visit, node_types
from journeys.nodes.fields import PathsField
from profiles.expressions import compile_text


@node_types.register
class Condition(NodeType):
    kind = "condition"
    label = "Condition"
    category = "orchestration"
    icon = "split"
    help = "Split people into paths. The first path that fits wins, from top to bottom."

    class Params(NodeForm):
        paths = PathsField(label="Paths", initial=[{"id": "path1", "label": "Path 1", "expression": ""}])
        other_cases = forms.BooleanField(
            required=False,
            initial=True,
            label="Show path for other cases",
            help_text="For people no path fits.",
        )

    @classmethod
    def outlets(cls, params: dict) -> list[Outlet]:
        paths = params.get("paths")
        paths = [p for p in paths if isinstance(p, dict)] if isinstance(paths, list) else []
        outlets = [
            Outlet(str(path.get("id") or f"path{n}"), str(path.get("label") or f"Path {n}"))
            for n, path in enumerate(paths, start=1)
        ] or [Outlet("path1", "Path 1")]
        if params.get("other_cases", True):
            outlets.append(Outlet("other", "Other cases"))
        return outlets

    @classmethod
    def describe(cls, params: dict) -> str:
        count = len(cls.outlets(params))
        return f"{count} paths" if count > 1 else "1 path"

    @classmethod
    def prepare(cls, params: dict) -> dict:
        return {
            "paths": [
                (path["id"], compile_text(path["expression"], want="bool").run) for path in params["paths"]
            ],
            "otherwise": "other" if params.get("other_cases") else None,
        }

    @classmethod
    def run(cls, params: dict, visits: Sequence[Visit], now: datetime) -> Iterable[Move]:
        paths, otherwise = params["paths"], params["otherwise"]
        for visit in visits:
            snapshot = visit.snapshot
            for outlet, is_true in paths:
                if is_true(snapshot, now) is True:
                    yield Move(visit.instance_id, outlet=outlet)
                    break
            else:
                if otherwise:
                    yield Move(visit.instance_id, outlet=otherwise)
                else:
                    yield Move(visit.instance_id, ends=True, code="noPathFits", status="ended")
