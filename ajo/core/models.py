"""Who may do what, where: sandboxes, users, roles, API keys, and the record of what was changed."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager


class Sandbox(models.Model):
    """A walled-off space of data and set-ups, for a brand, country or stage."""

    name = models.SlugField(max_length=64, unique=True, help_text="Short name used in URLs and the API.")
    title = models.CharField(max_length=120)
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name, such as Europe/Paris.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "sandboxes"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class User(AbstractUser):
    """A person who signs in. What they may do is a role in each sandbox; a superuser may do everything."""


class RoleAssignment(models.Model):
    """One user's role in one sandbox. The roles and their permissions are a table in `ajo.core.permissions`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=32, help_text="administrator, marketer or analyst")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "sandbox"], name="one_role_per_sandbox")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} in {self.sandbox}"


class ApiKeyManager(BaseAPIKeyManager):
    """Finds usable keys; hashing and checking come from the library."""


class ApiKey(AbstractAPIKey):
    """A secret for programs: shown once, stored as a hash, good for one sandbox and the permissions listed."""

    objects = ApiKeyManager()

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="api_keys")
    permissions = models.JSONField(default=list, help_text="Names from the permission table.")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractAPIKey.Meta):
        verbose_name = "API key"
        verbose_name_plural = "API keys"

    @property
    def public_id(self) -> str:
        """What may be shown of the primary key, which holds the secret's hash."""
        return self.prefix


class AuditEntry(models.Model):
    """One change of a journey, configuration, key or user: who, when, what. Never edited."""

    sandbox = models.ForeignKey(Sandbox, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=160, help_text="User name, API key name, or system")
    action = models.CharField(
        max_length=64, db_index=True, help_text="Dotted name, such as journey.published"
    )
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=255)
    changes = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-id"]
        indexes = [
            # the history of one object on its page
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}"
