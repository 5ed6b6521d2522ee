"""Schemas, datasets and inlets: what records look like, where they belong, and through which door they come."""

import secrets

from django.db import models

from ajo.core.models import Sandbox


def new_key() -> str:
    return secrets.token_hex(16)


class Schema(models.Model):
    """The shape of records: a class (profile or event). Field groups come with the schema editor."""

    class RecordClass(models.TextChoices):
        PROFILE = "profile", "Individual profile"
        EVENT = "event", "Experience event"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    uri = models.CharField(max_length=255, help_text="The id that senders put into `schemaRef`.")
    title = models.CharField(max_length=120)
    record_class = models.CharField(max_length=16, choices=RecordClass.choices)

    class Meta:
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "uri"], name="schema_uri_once")]

    def __str__(self) -> str:
        return self.title


class Dataset(models.Model):
    """Records of one schema, from one source."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    name = models.CharField(max_length=120)
    schema = models.ForeignKey(Schema, on_delete=models.PROTECT, related_name="datasets")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Inlet(models.Model):
    """An address that takes records: `/collection/{key}`. The key is unguessable; it may ask for an API key too."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, unique=True, default=new_key)
    name = models.CharField(max_length=120)
    needs_api_key = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
