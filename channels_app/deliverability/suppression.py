"""The suppression list: addresses that are never sent to."""

from collections.abc import Iterable

from django.db import transaction

from ajo.core import audit, sql
from ajo.core.errors import BadInput
from ajo.core.models import Sandbox
from channels_app.channels.email.channel import is_address
from channels_app.models import Suppression


def suppressed(pairs: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which of these (sandbox id, address) stand on the list. Addresses compare in lower case."""
    wanted = sorted({(sandbox_id, address.lower()) for sandbox_id, address in pairs})
    if not wanted:
        return set()
    found = sql.rows(
        "SELECT s.sandbox_id, s.address FROM unnest(%s::bigint[], %s::text[]) AS w(sandbox_id, address) "
        "JOIN channels_app_suppression s ON s.sandbox_id = w.sandbox_id AND s.address = w.address",
        [[w[0] for w in wanted], [w[1] for w in wanted]],
    )
    return set(found)


def add(sandbox_id: int, address: str, *, reason: str, detail: str = "") -> None:
    """Put an address on the list; once is enough."""
    Suppression.objects.get_or_create(
        sandbox_id=sandbox_id, address=address.lower(), defaults={"reason": reason, "detail": detail[:2000]}
    )


@transaction.atomic
def add_by_hand(sandbox: Sandbox, address: str, *, detail: str, actor: str) -> Suppression:
    """An administrator puts an address on the list."""
    address = address.strip().lower()
    if not is_address(address):
        raise BadInput("This is no email address.", field="address")
    row, is_new = Suppression.objects.get_or_create(
        sandbox=sandbox, address=address, defaults={"reason": "manual", "detail": detail[:2000]}
    )
    if is_new:
        audit.record("suppression.added", row, actor=actor, sandbox=sandbox)
    return row


@transaction.atomic
def remove(row: Suppression, *, actor: str) -> None:
    """Take an address off the list: it is sent to again."""
    audit.record("suppression.removed", row, actor=actor, sandbox=row.sandbox_id)
    row.delete()
