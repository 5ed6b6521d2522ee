"""Channel configurations: channel, provider and sender, ready for use."""

from django.db import models
from encrypted_fields.fields import EncryptedJSONField

from ajo.core.models import Sandbox


class Configuration(models.Model):
    """How messages of one kind leave. `settings` holds what the channel's and provider's forms ask for.

    Secrets (passwords, tokens) stand in `secrets`, encrypted at rest; no page or answer shows them again.
    """

    class MessageType(models.TextChoices):
        MARKETING = "marketing", "Marketing"
        TRANSACTIONAL = "transactional", "Transactional"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=64)
    channel = models.CharField(max_length=32, default="email")
    provider = models.CharField(max_length=32, default="smtp")
    message_type = models.CharField(max_length=16, choices=MessageType.choices, default=MessageType.MARKETING)
    settings = models.JSONField(default=dict)
    secrets = EncryptedJSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "name"], name="configuration_name_once")]

    def __str__(self) -> str:
        return self.name
