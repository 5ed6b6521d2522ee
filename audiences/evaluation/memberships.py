"""Who is in which audience. The only writer of memberships."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ajo.core import sql

# Come in, or leave; rows that already say so stay untouched. The answer is what really changed.
APPLY = """
    INSERT INTO audiences_membership AS m (sandbox_id, audience_id, profile_id, status, qualified_at, exited_at)
    SELECT v.sandbox_id, v.audience_id, v.profile_id,
           CASE WHEN v.is_in THEN 'realized' ELSE 'exited' END, %(now)s, CASE WHEN v.is_in THEN NULL ELSE %(now)s END
      FROM unnest(%(sandboxes)s::bigint[], %(audiences)s::bigint[], %(profiles)s::bigint[], %(is_in)s::bool[])
           AS v(sandbox_id, audience_id, profile_id, is_in)
     WHERE v.is_in OR EXISTS (SELECT 1 FROM audiences_membership k
                               WHERE k.audience_id = v.audience_id AND k.profile_id = v.profile_id)
     ORDER BY v.audience_id, v.profile_id
    ON CONFLICT (audience_id, profile_id) DO UPDATE
       SET status = excluded.status, exited_at = excluded.exited_at,
           qualified_at = CASE WHEN excluded.status = 'realized' THEN excluded.qualified_at ELSE m.qualified_at END
     WHERE m.status <> excluded.status
    RETURNING sandbox_id, audience_id, profile_id, status
"""


class MembershipChange(NamedTuple):
    """Somebody came into an audience or left it."""

    sandbox_id: int
    audience_id: int
    profile_id: int
    status: str  # realized or exited


class Judgement(NamedTuple):
    """What a rule says of one person."""

    sandbox_id: int
    audience_id: int
    profile_id: int
    is_in: bool


def apply(judgements: Sequence[Judgement], now: datetime) -> list[MembershipChange]:
    """Write judgements; the changes they made, each exactly once."""
    if not judgements:
        return []
    columns = list(zip(*judgements, strict=True))
    found = sql.rows(
        APPLY,
        {
            "now": now,
            "sandboxes": list(columns[0]),
            "audiences": list(columns[1]),
            "profiles": list(columns[2]),
            "is_in": list(columns[3]),
        },
    )
    return [MembershipChange(*row) for row in found]


def follow(merges: Sequence[tuple[int, int]]) -> None:
    """Memberships of merged profiles move to the survivor; where both had one, the survivor's stays."""
    for old, survivor in merges:
        sql.run(
            "UPDATE audiences_membership m SET profile_id = %(new)s WHERE profile_id = %(old)s AND NOT EXISTS "
            "(SELECT 1 FROM audiences_membership k WHERE k.audience_id = m.audience_id AND k.profile_id = %(new)s)",
            {"old": old, "new": survivor},
        )
        sql.run("DELETE FROM audiences_membership WHERE profile_id = %s", [old])
