"""Experience events: what people did. Partitioned by time; never changed."""

from django.db import models
from django.db.models.functions import Now

from ajo.core.models import Sandbox


class ExperienceEvent(models.Model):
    """One event of one person. `data` is the whole event in XDM form.

    The table is partitioned by month of `timestamp` and made by the first migration.
    """

    id = models.BigAutoField(primary_key=True)
    sandbox = models.ForeignKey(Sandbox, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    profile_id = models.BigIntegerField()
    timestamp = models.DateTimeField()
    event_type = models.TextField()
    event_id = models.TextField(help_text="The `_id` the sender gave.")
    data = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        managed = False
        ordering = ["-timestamp", "-id"]

    def __str__(self) -> str:
        return f"{self.event_type} at {self.timestamp:%Y-%m-%d %H:%M:%S}"


class EventKey(models.Model):
    """The `_id`s already taken, so that an event sent twice counts once. One row an event, by hash."""

    pk = models.CompositePrimaryKey("sandbox_id", "key")
    sandbox_id = models.IntegerField()
    key = models.UUIDField(help_text="md5 of the `_id`")
    seen_on = models.DateField()

    class Meta:
        # made by the first migration; old keys are removed with the events' retention
        managed = False

    def __str__(self) -> str:
        return str(self.key)
