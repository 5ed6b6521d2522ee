"""The suppression list: addresses that are never sent to."""

from django.db import models

from ajo.core.models import Sandbox


class Suppression(models.Model):
    """One address, with why and since when. Kept in lower case."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=320)
    reason = models.CharField(max_length=64, help_text="hard bounce, spam complaint, manual")
    detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["sandbox", "address"], name="suppressed_once")]

    def __str__(self) -> str:
        return self.address
