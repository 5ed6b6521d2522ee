"""Journey instances: one profile's way through one version, and what they wait for."""

from django.db import models
from django.db.models.functions import Now

from ajo.core.models import Sandbox


class JourneyInstance(models.Model):
    """One entrance. It is waiting (at `node_id`, looked at again at `due_at`), ended, or failed with a reason.

    Only `journeys.engine` writes it. An instance that could go on at once has a `due_at` that is over; one that
    waits for an event only has the global timeout as `due_at`. `arrived_at` is when it came to the node.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ENDED = "ended", "Ended"
        FAILED = "failed", "Failed"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    journey = models.ForeignKey(
        "journeys.Journey", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    version = models.ForeignKey(
        "journeys.JourneyVersion", on_delete=models.CASCADE, related_name="instances", db_constraint=False
    )
    profile_id = models.BigIntegerField(db_index=True)
    key = models.TextField(help_text="The profile's identity in the journey's namespace.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    node_id = models.TextField(help_text="Where it is; parallel nodes are joined by |.")
    visit = models.IntegerField(
        default=0, db_default=0, help_text="Node visits so far: makes each visit's key."
    )
    arrived_at = models.DateTimeField()
    due_at = models.DateTimeField()
    entered_at = models.DateTimeField()
    is_reentrance = models.BooleanField(default=False, db_default=False)
    woken_node = models.TextField(null=True, help_text="The event node whose event came, until it moved on.")
    context = models.JSONField(
        default=dict, db_default={}, help_text="Payloads of the events on the way, by name."
    )
    reason = models.TextField(null=True, help_text="How it ended or why it failed.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # the timer's claim: cost depends on what is due, not on how many sleep
            models.Index(fields=["due_at"], name="instance_due", condition=models.Q(state="waiting")),
            # re-entrance: when did this key last come in?
            models.Index(fields=["journey", "key", "-entered_at"], name="instance_entrances"),
        ]
        constraints = [
            # the same key is never at two places in the same journey, over all versions
            models.UniqueConstraint(
                fields=["journey", "key"], condition=models.Q(state="waiting"), name="one_active_instance"
            )
        ]

    def __str__(self) -> str:
        return f"Instance {self.pk} ({self.state})"


class EventWait(models.Model):
    """An instance waiting at an event node. The event finds it by look-up; deleted when the instance moves on."""

    definition = models.ForeignKey(
        "journeys.EventDefinition",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    profile_id = models.BigIntegerField()
    instance = models.ForeignKey(JourneyInstance, on_delete=models.CASCADE, related_name="event_waits")
    node_id = models.TextField()
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["definition", "profile_id"], name="event_wait_lookup")]

    def __str__(self) -> str:
        return f"Instance {self.instance_id} waits at {self.node_id}"


class Refusal(models.Model):
    """An entrance that did not happen, with the code that says why. Shown on the profile's timeline."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.ForeignKey(
        "journeys.JourneyVersion", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    profile_id = models.BigIntegerField(db_index=True)
    key = models.TextField(default="", db_default="")
    code = models.TextField(help_text="As in the table of discard codes, such as reentranceNotAllowed.")
    event_id = models.TextField(default="", db_default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.code
