"""Unitary event: one person does something. First node: they enter. Later: wait for it, with a time limit."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django import forms

from ajo.core.models import Sandbox
from journeys.models import EventDefinition
from journeys.nodes.base import Move, NodeForm, NodeType, Outlet, PaletteItem, Visit, node_types
from journeys.nodes.fields import PickField
from journeys.nodes.wait import LONGEST_WAIT, UNITS, length


@node_types.register
class UnitaryEvent(NodeType):
    kind = "unitary_event"
    label = "Event"
    category = "events"
    icon = "zap"
    help = "Starts the journey when a person does something, or waits for them to do it."
    can_start = True
    can_be_parallel = True

    class Params(NodeForm):
        halves = ("amount", "unit")
        shown_when = {
            "amount": ("has_timeout", True),
            "unit": ("has_timeout", True),
            "timeout_path": ("has_timeout", True),
        }

        definition = PickField(label="Event", help_text="Events are set up under Administration.")
        has_timeout = forms.BooleanField(required=False, label="Define the event timeout")
        amount = forms.IntegerField(min_value=1, required=False, initial=7, label="Wait at most")
        unit = forms.ChoiceField(choices=UNITS, required=False, initial="days")
        timeout_path = forms.BooleanField(required=False, label="Set a timeout path")

        def limit_choices(self) -> None:
            if self.sandbox is not None:
                rows = EventDefinition.objects.filter(sandbox=self.sandbox).values_list("id", "name")
                self.fields["definition"].offer(list(rows))

        def clean(self) -> dict:
            params = super().clean()
            if params.get("has_timeout"):
                if not params.get("amount") or not params.get("unit"):
                    self.add_error("amount", "Say how long to wait for the event, such as 7 days.")
                elif length(params) > LONGEST_WAIT:
                    self.add_error("amount", f"An event timeout lasts at most {LONGEST_WAIT.days} days.")
            return params

    @classmethod
    def palette(cls, sandbox: Sandbox) -> list[PaletteItem]:
        """One item for each configured event."""
        rows = EventDefinition.objects.filter(sandbox=sandbox)
        items = [PaletteItem(e.name, {"definition": e.pk}, e.name, e.description or cls.help) for e in rows]
        return items or super().palette(sandbox)

    @classmethod
    def outlets(cls, params: dict) -> list[Outlet]:
        if params.get("has_timeout") and params.get("timeout_path"):
            return [Outlet("next"), Outlet("timeout", "Timeout")]
        return [Outlet("next")]

    @classmethod
    def describe(cls, params: dict) -> str:
        if params.get("has_timeout") and params.get("amount"):
            return f"at most {params['amount']} {params.get('unit') or 'days'}"
        return ""

    @classmethod
    def freeze(cls, params: dict, *, sandbox: Sandbox, label: str) -> dict:
        definition = EventDefinition.objects.get(sandbox=sandbox, pk=params["definition"])
        return params | {"event_name": definition.name}

    @classmethod
    def prepare(cls, params: dict) -> dict:
        return {
            "definition": params["definition"],
            "timeout": length(params) if params.get("has_timeout") else None,
            "after_timeout": "timeout" if params.get("timeout_path") else "next",
        }

    @classmethod
    def run(cls, params: dict, visits: Sequence[Visit], now: datetime) -> Iterable[Move]:
        timeout: timedelta | None = params["timeout"]
        for visit in visits:
            until = visit.arrived_at + timeout if timeout is not None else None
            if visit.has_event:
                yield Move(visit.instance_id, outlet="next")
            elif until is not None and until <= now:
                # without a timeout path the node behaves like a wait that the event can interrupt
                yield Move(visit.instance_id, outlet=params["after_timeout"], status="timedout")
            else:
                yield Move(visit.instance_id, wait_for=params["definition"], again_at=until)
