"""The suppression list: addresses that are never sent to."""

from collections.abc import Iterable

from ajo.core import sql
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
