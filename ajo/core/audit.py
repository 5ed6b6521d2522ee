"""The record of changes: one call beside each change, in its transaction."""

from django.db import models

from ajo.core.models import AuditEntry, Sandbox
from ajo.core.request_id import current_request_id


def record(
    action: str,
    target: models.Model,
    *,
    actor: str,
    sandbox: Sandbox | int | None,
    changes: dict | None = None,
) -> AuditEntry:
    """Write down who did `action` ("journey.published") to `target`. `changes`: {field: [before, after]}."""
    return AuditEntry.objects.create(
        action=action,
        actor=actor[:160],
        sandbox_id=sandbox.pk if isinstance(sandbox, Sandbox) else sandbox,
        object_type=target._meta.label_lower,
        object_id=str(getattr(target, "public_id", target.pk))[:64],
        object_label=str(target)[:255],
        changes=changes or {},
        request_id=current_request_id() or "",
    )


def differences(before: dict, after: dict) -> dict:
    """{field: [before, after]} of the fields that changed, as JSON can hold them."""
    return {
        name: [_plain(before.get(name)), _plain(after.get(name))]
        for name in after
        if before.get(name) != after.get(name)
    }


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float | str | list | dict | None) else str(value)
