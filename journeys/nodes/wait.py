"""Wait: hold a profile for a length of time, or until a date of its own."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms

from journeys.nodes.base import ErrorPathForm, Move, NodeType, Outlet, Visit, node_types, with_error_path
from journeys.nodes.fields import ExpressionField
from profiles.expressions import compile_text

LONGEST_WAIT = timedelta(days=90)
UNITS = [
    ("seconds", "seconds"),
    ("minutes", "minutes"),
    ("hours", "hours"),
    ("days", "days"),
    ("weeks", "weeks"),
]


@node_types.register
class Wait(NodeType):
    kind = "wait"
    label = "Wait"
    category = "orchestration"
    icon = "clock"
    help = "Hold people for a length of time, or until a date."
    can_be_parallel = True

    class Params(ErrorPathForm):
        halves = ("amount", "unit")
        shown_when = {
            "amount": ("method", "duration"),
            "unit": ("method", "duration"),
            "expression": ("method", "custom"),
            "error_path": ("method", "custom"),
        }

        method = forms.ChoiceField(
            choices=[("duration", "A length of time"), ("custom", "A date from an expression")],
            initial="duration",
        )
        amount = forms.IntegerField(min_value=0, required=False, initial=1)
        unit = forms.ChoiceField(choices=UNITS, required=False, initial="days")
        expression = ExpressionField(
            want="dto",
            required=False,
            label="Date",
            help_text="A date and time without offset, in the journey's zone.",
        )

        def clean(self) -> dict:
            params = super().clean()
            if params.get("method") == "duration":
                if params.get("amount") is None or not params.get("unit"):
                    self.add_error("amount", "Say how long, such as 2 days.")
                elif length(params) > LONGEST_WAIT:
                    self.add_error("amount", f"A wait lasts at most {LONGEST_WAIT.days} days.")
            elif params.get("method") == "custom" and not params.get("expression") and not self.errors:
                self.add_error("expression", "Write an expression that gives a date and time.")
            return params

    @classmethod
    def outlets(cls, params: dict) -> list[Outlet]:
        return with_error_path([Outlet("next")], params)

    @classmethod
    def describe(cls, params: dict) -> str:
        if params.get("method") == "custom":
            return "until a date"
        if params.get("amount") in (None, ""):
            return ""
        unit = str(params.get("unit") or "days")
        return f"{params['amount']} {unit.removesuffix('s') if str(params['amount']) == '1' else unit}"

    @classmethod
    def prepare(cls, params: dict) -> dict:
        if params.get("method") == "custom":
            return {"until": compile_text(params["expression"], want="dto")}
        return {"length": length(params)}

    @classmethod
    def run(cls, params: dict, visits: Sequence[Visit], now: datetime) -> Iterable[Move]:
        until = params.get("until")
        for visit in visits:
            if until is None:
                ends_at = visit.arrived_at + params["length"]
            else:
                ends_at = instant(until.run(visit.snapshot, now), visit.snapshot)
                if ends_at is None:
                    yield Move(visit.instance_id, error="waitDateMissing")
                    continue
                ends_at = min(ends_at, visit.arrived_at + LONGEST_WAIT)
            if ends_at > now:
                yield Move(visit.instance_id, again_at=ends_at)
            else:
                yield Move(visit.instance_id, outlet="next")


def instant(value: object, snapshot: dict) -> datetime | None:
    """The moment that a date without offset means in the evaluation zone."""
    if not isinstance(value, datetime):
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(snapshot.get("timezone") or "UTC"))
    return value


def length(params: dict) -> timedelta:
    return timedelta(**{params["unit"]: int(params["amount"])})
