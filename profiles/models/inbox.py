"""The inbox: what was accepted and not yet processed, and what could not be processed."""

from django.db import models
from django.db.models.functions import Now

from ajo.core.models import Sandbox


class InboxRow(models.Model):
    """One accepted message, as its JSON text. Deleted by the transaction that processes it."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    inlet_id = models.BigIntegerField(null=True, help_text="Empty for events the product makes itself.")
    shard = models.SmallIntegerField(
        help_text="Hash of the primary identity; one task works a shard at a time."
    )
    message = models.TextField()
    request_id = models.CharField(max_length=64, default="", db_default="")
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "inbox row"
        indexes = [
            # claims take the oldest rows of a few shards
            models.Index(fields=["shard", "id"], name="inbox_claim"),
        ]

    def __str__(self) -> str:
        return f"Inbox row {self.pk}"


class ParkedRecord(models.Model):
    """An accepted message that could not be processed: kept with its reason, mended and replayed by an admin."""

    class Status(models.TextChoices):
        PARKED = "parked", "Parked"
        REPLAYED = "replayed", "Replayed"
        DISCARDED = "discarded", "Discarded"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    inlet_id = models.BigIntegerField(null=True, blank=True)
    message = models.TextField(help_text="The message as it came; it may be mended before a replay.")
    code = models.CharField(max_length=64, db_index=True)
    reason = models.TextField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PARKED, db_index=True)
    received_at = models.DateTimeField()
    parked_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.code} ({self.status})"
