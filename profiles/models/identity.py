"""Identities: the values that point at a person, and the namespaces they belong to."""

from django.db import models

from ajo.core.models import Sandbox


class Namespace(models.Model):
    """A kind of identity: e-mail, CRM id, device. Its code is the key in an `identityMap`."""

    class IdType(models.TextChoices):
        CROSS_DEVICE = "CROSS_DEVICE", "Cross-device"
        EMAIL = "EMAIL", "E-mail"
        PHONE = "PHONE", "Phone"
        DEVICE = "DEVICE", "Device"
        COOKIE = "COOKIE", "Cookie"
        PARTNER = "PARTNER", "Partner"
        NON_PEOPLE = "NON_PEOPLE", "Not of a person"

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=64, help_text="Symbol used as key of the identityMap.")
    name = models.CharField(max_length=120)
    id_type = models.CharField(max_length=16, choices=IdType.choices)
    priority = models.PositiveSmallIntegerField(
        default=100, help_text="Lower ranks higher: people, then devices, then cookies."
    )
    is_unique_per_graph = models.BooleanField(default=False)
    is_standard = models.BooleanField(default=False)

    class Meta:
        ordering = ["priority", "code"]
        constraints = [
            models.UniqueConstraint("sandbox", models.functions.Lower("code"), name="namespace_code_once")
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_person(self) -> bool:
        return self.id_type in ("CROSS_DEVICE", "EMAIL", "PHONE")


class Identity(models.Model):
    """One value of a namespace; it points at exactly one profile."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+", db_index=False)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="+", db_index=False)
    value = models.CharField(max_length=1024)
    profile = models.ForeignKey("profiles.Profile", on_delete=models.CASCADE, related_name="identities")
    first_seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["namespace", "value"], name="identity_points_at_one_profile")
        ]

    def __str__(self) -> str:
        return f"{self.namespace_id}:{self.value}"
