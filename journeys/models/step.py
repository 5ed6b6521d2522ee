"""What the engine leaves behind: step events, and the counts per node."""

from django.db import models
from django.db.models.functions import Now

from ajo.core.models import Sandbox


class StepEvent(models.Model):
    """One step of one instance. The API shows it under the field names of journey step events.

    Partitioned by month of `at`, made by the first migration. `status`: transitions, waiting, ended, error,
    timedout, instanceTimedout, exited.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    sandbox = models.ForeignKey(Sandbox, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    version_id = models.BigIntegerField()
    instance_id = models.BigIntegerField()
    profile_id = models.BigIntegerField()
    node_id = models.TextField()
    kind = models.TextField(help_text="The node's kind.")
    status = models.TextField()
    outlet = models.TextField(null=True, help_text="The way out that was taken.")
    visit = models.IntegerField()
    is_entrance = models.BooleanField(default=False)
    is_reentrance = models.BooleanField(default=False)
    is_end = models.BooleanField(default=False, help_text="The instance ended with this step.")
    code = models.TextField(null=True, help_text="Error or reason code.")
    detail = models.JSONField(null=True)

    class Meta:
        managed = False
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class NodeTally(models.Model):
    """Counts per node, as additions: each batch appends its own, a task sums them up now and then.

    Appending means that two workers never wait for each other. Waiting now = entered - exited - errors.
    """

    version = models.ForeignKey(
        "journeys.JourneyVersion", on_delete=models.CASCADE, related_name="tallies", db_constraint=False
    )
    node_id = models.TextField()
    outlet = models.TextField(
        default="", db_default="", help_text="Per way out; empty for the node as a whole."
    )
    hour = models.DateTimeField(help_text="The hour the additions belong to.")
    entered = models.IntegerField(default=0, db_default=0)
    exited = models.IntegerField(default=0, db_default=0)
    errors = models.IntegerField(default=0, db_default=0)

    class Meta:
        indexes = [models.Index(fields=["version", "node_id"], name="tally_sum")]

    def __str__(self) -> str:
        return f"{self.node_id}: {self.entered}"
