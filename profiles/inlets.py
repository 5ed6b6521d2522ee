"""Inlets: opened, changed, closed, and given a new address when the old one leaked."""

from django.db import transaction

from ajo.core import audit
from ajo.core.models import Sandbox
from profiles.models import Inlet
from profiles.models.schema import new_key

FIELDS = ("name", "needs_api_key", "is_active")


@transaction.atomic
def create(sandbox: Sandbox, values: dict, *, actor: str) -> Inlet:
    inlet = Inlet.objects.create(sandbox=sandbox, **values)
    audit.record("inlet.created", inlet, actor=actor, sandbox=sandbox)
    return inlet


@transaction.atomic
def change(inlet: Inlet, values: dict, *, actor: str) -> Inlet:
    before = {name: getattr(inlet, name) for name in values}
    if changes := audit.differences(before, values):
        for name, value in values.items():
            setattr(inlet, name, value)
        inlet.save(update_fields=list(values))
        audit.record("inlet.changed", inlet, actor=actor, sandbox=inlet.sandbox_id, changes=changes)
    return inlet


@transaction.atomic
def renew_key(inlet: Inlet, *, actor: str) -> Inlet:
    """A new address. Senders that use the old one are refused within seconds."""
    inlet.key = new_key()
    inlet.save(update_fields=["key"])
    audit.record("inlet.key_renewed", inlet, actor=actor, sandbox=inlet.sandbox_id)
    return inlet


@transaction.atomic
def delete(inlet: Inlet, *, actor: str) -> None:
    audit.record("inlet.deleted", inlet, actor=actor, sandbox=inlet.sandbox_id)
    inlet.delete()
