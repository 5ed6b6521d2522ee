"""Event definitions: which experience events journeys may start on or wait for."""

from django.core.validators import RegexValidator
from django.db import models

from ajo.core.models import Sandbox
from profiles.models import Namespace


class EventDefinition(models.Model):
    """A named kind of event: every experience event for which `rule` is true, of the person in `namespace`."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(
        max_length=30,
        validators=[RegexValidator(r"^[A-Za-z][A-Za-z0-9_]*$", "Use letters, digits and underscores.")],
        help_text="How expressions name it: @event{Name.field}.",
    )
    description = models.CharField(max_length=255, blank=True)
    rule = models.TextField(help_text='An expression over the event, such as event.eventType = "web.signup".')
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="+")
    sample = models.JSONField(
        default=dict, blank=True, help_text="An example payload: fields for pickers and tests."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "name"], name="event_definition_name_once")]

    def __str__(self) -> str:
        return self.name
