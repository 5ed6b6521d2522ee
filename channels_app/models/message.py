"""Messages: each outgoing piece for one profile, and what became of it. Both partitioned by time."""

from django.db import models
from django.db.models.functions import Now

from ajo.core.models import Sandbox


class Message(models.Model):
    """One message of one node visit. While `state` is queued or sending the row is the outbox.

    (instance_id, node_id, visit) is its idempotency key. The columns that name the journey are plain values:
    this storey does not know journeys. The table is partitioned by `created_at` and made by the first migration.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        SKIPPED = "skipped", "Skipped"
        BOUNCED = "bounced", "Bounced"
        FAILED = "failed", "Failed"

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now())
    sandbox = models.ForeignKey(Sandbox, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    profile_id = models.BigIntegerField()
    content = models.ForeignKey(
        "channels_app.Content", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    message_type = models.CharField(max_length=16, help_text="marketing or transactional: its queue")
    journey_version_id = models.BigIntegerField(null=True)
    instance_id = models.BigIntegerField(null=True)
    node_id = models.TextField(default="")
    visit = models.IntegerField(default=0)
    context = models.JSONField(default=dict, help_text="What personalization may read besides the profile.")

    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.SmallIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(null=True)
    address = models.TextField(null=True)
    reason = models.TextField(null=True, help_text="Why it was skipped, bounced, failed or is waiting.")
    sent_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"Message {self.pk} ({self.state})"


class MessageEvent(models.Model):
    """One thing that happened to a message: sent, skipped, bounced, failed, delayed, open, click, unsubscribe."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    sandbox = models.ForeignKey(Sandbox, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    message_id = models.BigIntegerField()
    profile_id = models.BigIntegerField()
    journey_version_id = models.BigIntegerField(null=True)
    node_id = models.TextField(default="")
    kind = models.TextField()
    reason = models.TextField(null=True)
    detail = models.JSONField(null=True)

    class Meta:
        managed = False
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} of message {self.message_id}"
