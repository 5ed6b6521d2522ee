"""Message content as it was published, and the links in it."""

from django.db import models

from ajo.core.models import Sandbox


class Content(models.Model):
    """What one message node says, frozen at publishing: every message sent from it renders this row."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.CASCADE, related_name="+")
    configuration = models.ForeignKey(
        "channels_app.Configuration", on_delete=models.PROTECT, related_name="+"
    )
    channel = models.CharField(max_length=32)
    parts = models.JSONField(help_text="email: subject, preheader, html, text")
    label = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.label or f"Content {self.pk}"


class Link(models.Model):
    """One tracked address of a content, as written (it may hold personalization)."""

    content = models.ForeignKey(Content, on_delete=models.CASCADE, related_name="links")
    position = models.PositiveSmallIntegerField()
    url = models.TextField()
    label = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["content", "position"], name="link_position_once")]

    def __str__(self) -> str:
        return self.label or self.url
