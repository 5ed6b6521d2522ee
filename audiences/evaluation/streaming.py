"""Streaming evaluation: re-judge only the people a batch changed, within its transaction."""

from collections.abc import Collection
from datetime import datetime

from ajo.core import sql
from audiences.evaluation.memberships import Judgement, MembershipChange, apply
from audiences.models import Audience
from profiles.expressions import compile_text
from profiles.snapshots import People


def judge(profile_ids: Collection[int], now: datetime) -> list[MembershipChange]:
    """Ask every published audience about the changed people; what changed in their memberships."""
    if not profile_ids:
        return []
    audiences = list(
        Audience.objects.filter(status=Audience.Status.PUBLISHED).values_list(
            "id", "sandbox_id", "rule", "sandbox__timezone"
        )
    )
    if not audiences:
        return []
    owners = dict(
        sql.rows("SELECT id, sandbox_id FROM profiles_profile WHERE id = ANY(%s)", [list(profile_ids)])
    )
    people = People(owners)
    judgements = []
    for audience_id, sandbox_id, rule, timezone in audiences:
        is_true = compile_text(rule, want="bool").run
        judgements.extend(
            Judgement(
                sandbox_id,
                audience_id,
                profile_id,
                is_true(people.snapshot(profile_id, timezone), now) is True,
            )
            for profile_id, owner in owners.items()
            if owner == sandbox_id
        )
    return apply(judgements, now)
