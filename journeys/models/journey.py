"""Journeys and their versions: the plan a marketer draws, and each saved state of it."""

from django.db import models

from ajo.core.models import Sandbox
from profiles.models import Namespace


class Journey(models.Model):
    """A named plan with versions; at most one of them takes new entrances."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="journeys")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_by = models.CharField(max_length=160, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "name"], name="journey_name_once")]

    def __str__(self) -> str:
        return self.name


class JourneyVersion(models.Model):
    """One version: a draft that changes with every edit, then fixed for good once published.

    `graph`: {"nodes": {id: {"kind", "label", "params"}}, "edges": [{"id", "src", "outlet", "dst"}]}, see
    `journeys.graph`. `plan` is the graph as it was published, with each message's frozen content.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        CLOSED = "closed", "Closed"
        STOPPED = "stopped", "Stopped"
        FINISHED = "finished", "Finished"

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    graph = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(
        default=0, help_text="Grows with each edit; a stale one is refused."
    )

    # entrance rules
    namespace = models.ForeignKey(
        Namespace, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    allows_reentrance = models.BooleanField(default=True)
    reentrance_wait_seconds = models.PositiveIntegerField(default=300)
    timezone = models.CharField(max_length=64, default="UTC")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=160, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["journey_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["journey", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["journey"], condition=models.Q(status="live"), name="one_live_version"
            ),
            models.UniqueConstraint(
                fields=["journey"], condition=models.Q(status="draft"), name="one_draft_version"
            ),
        ]
        indexes = [
            # entrances look for live versions only
            models.Index(fields=["status"], name="version_live", condition=models.Q(status="live")),
        ]

    def __str__(self) -> str:
        return f"{self.journey} v{self.number}"


class DraftEdit(models.Model):
    """One edit of a draft, for undo and redo: the graph before and after it."""

    version = models.ForeignKey(JourneyVersion, on_delete=models.CASCADE, related_name="edits")
    revision = models.PositiveIntegerField(help_text="The revision that this edit made.")
    operation = models.CharField(max_length=32)
    description = models.CharField(max_length=255)
    before = models.JSONField()
    after = models.JSONField()
    is_undone = models.BooleanField(default=False)
    actor = models.CharField(max_length=160)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.description
