"""Audiences: people chosen by a rule, and who is in."""

import uuid

from django.db import models

from ajo.core.models import Sandbox


class Audience(models.Model):
    """People chosen by a rule."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        INACTIVE = "inactive", "Inactive"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    external_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    rule = models.TextField(help_text="An expression over profile, events and other audiences.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "name"], name="audience_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's standing in one audience. Written only by `audiences.evaluation.memberships`."""

    class Status(models.TextChoices):
        REALIZED = "realized", "Member"
        EXITED = "exited", "Left"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    audience = models.ForeignKey(
        Audience, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    profile_id = models.BigIntegerField(db_index=True)
    status = models.CharField(max_length=16, choices=Status.choices)
    qualified_at = models.DateTimeField()
    exited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "profile_id"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.profile_id} {self.status} {self.audience_id}"
