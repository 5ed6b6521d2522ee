"""Email: send a personalized mail through a channel configuration."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django import forms

from ajo.core.models import Sandbox
from channels_app.content import contents
from channels_app.models import Configuration
from journeys.nodes.base import MessageDraft, Move, NodeForm, NodeType, Visit, node_types
from journeys.nodes.fields import PickField


@node_types.register
class Email(NodeType):
    kind = "email"
    label = "Email"
    category = "actions"
    icon = "mail"
    help = "Send a personalized email."

    class Params(NodeForm):
        configuration = PickField(label="Channel configuration")
        subject = forms.CharField(max_length=998)
        preheader = forms.CharField(
            max_length=255, required=False, help_text="The line that inboxes show after the subject."
        )
        html = forms.CharField(
            widget=forms.Textarea(attrs={"rows": 12, "class": "code"}),
            label="HTML body",
            max_length=1_000_000,
        )
        text = forms.CharField(
            widget=forms.Textarea(attrs={"rows": 5, "class": "code"}),
            label="Text body",
            required=False,
            max_length=200_000,
            help_text="Left empty, it is made from the HTML body.",
        )

        def limit_choices(self) -> None:
            if self.sandbox is not None:
                rows = Configuration.objects.filter(sandbox=self.sandbox, channel="email", is_active=True)
                self.fields["configuration"].offer(list(rows.values_list("id", "name")))

        def clean(self) -> dict:
            params = super().clean()
            for field, problem in contents.problems("email", params):
                self.add_error(field if field in self.fields else None, problem)
            return params

    @classmethod
    def describe(cls, params: dict) -> str:
        return contents.plain_subject(params)

    @classmethod
    def freeze(cls, params: dict, *, sandbox: Sandbox, label: str) -> dict:
        configuration = Configuration.objects.get(sandbox=sandbox, pk=params["configuration"])
        content = contents.freeze(configuration, params, label=label)
        return params | {"content_id": content.pk, "message_type": configuration.message_type}

    @classmethod
    def run(cls, params: dict, visits: Sequence[Visit], now: datetime) -> Iterable[Move]:
        draft = MessageDraft(params["content_id"], params["message_type"])
        for visit in visits:
            yield Move(visit.instance_id, outlet="next", message=draft)
