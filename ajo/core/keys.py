"""API keys: made once with their secret, good for what their maker may do, until they are revoked."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from ajo.core import audit, errors
from ajo.core.models import ApiKey
from ajo.core.permissions import PERMISSIONS, Access


@transaction.atomic
def create(
    access: Access, name: str, permissions: Iterable[str], *, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """A key of the sandbox and its secret, which is not kept. It grants at most what its maker has."""
    wanted = sorted(set(permissions))
    if not wanted:
        raise errors.BadInput("Choose at least one permission.", field="permissions")
    if unknown := [name for name in wanted if name not in PERMISSIONS]:
        raise errors.BadInput(f"There is no permission {unknown[0]!r}.", field="permissions", unknown=unknown)
    if beyond := [name for name in wanted if not access.may(name)]:
        raise errors.GrantsTooMuch(beyond=beyond)
    key, secret = ApiKey.objects.create_key(
        name=name.strip()[:50],
        sandbox=access.sandbox,
        permissions=wanted,
        created_by=access.user,
        expiry_date=expires_at,
    )
    changes = {"permissions": [None, wanted]}
    audit.record("api_key.created", key, actor=access.actor, sandbox=access.sandbox, changes=changes)
    return key, secret


@transaction.atomic
def revoke(key: ApiKey, *, actor: str) -> bool:
    """Make a key useless for good; False when it was so already."""
    if not ApiKey.objects.filter(pk=key.pk, revoked=False).update(revoked=True):
        return False
    audit.record("api_key.revoked", key, actor=actor, sandbox=key.sandbox_id)
    return True
