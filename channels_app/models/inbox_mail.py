"""Mails kept by the mail inbox of the embedded run."""

from django.db import models
from django.db.models.functions import Now


class InboxMail(models.Model):
    """One mail as the SMTP listener got it."""

    received_at = models.DateTimeField(db_default=Now(), db_index=True)
    mail_from = models.TextField()
    rcpt_to = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    source = models.BinaryField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
