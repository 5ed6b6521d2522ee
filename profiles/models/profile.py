"""Profiles: what is known of one person."""

from django.db import models

from ajo.core.models import Sandbox


class Profile(models.Model):
    """One person, with merged attributes in XDM form (`person.name.firstName`, `consents`, …)."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    attributes = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        name = (self.attributes.get("person") or {}).get("name") or {}
        parts = [name.get("firstName"), name.get("lastName")]
        email = (self.attributes.get("personalEmail") or {}).get("address")
        return " ".join(str(p) for p in parts if p) or str(email or f"Profile {self.pk}")


class MergedProfile(models.Model):
    """A profile that turned out to be the same person as another; old ids are found through this row."""

    old_profile_id = models.BigIntegerField(primary_key=True)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="merged_from")
    merged_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.old_profile_id} is now {self.profile_id}"


class ConsentChange(models.Model):
    """One change of a consent: who, when, from where. The value in force stands in the profile's `consents`."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    profile_id = models.BigIntegerField(db_index=True)
    channel = models.CharField(max_length=32)
    value = models.CharField(max_length=4, help_text="y, n, …")
    source = models.CharField(max_length=64, help_text="one-click unsubscribe, API, …")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.channel} {self.value}"
