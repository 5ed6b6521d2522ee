"""Consent: what a person allows, per channel. In force is what stands in the profile; every change is kept."""

from datetime import datetime

import orjson
from django.db import transaction

from ajo.core import sql
from profiles.merging import deep_merge
from profiles.models import ConsentChange

REFUSALS = {"n", "dn"}

# The profile's row, also under an id that was merged away, locked until the consent is written.
LOCK_PROFILE = """
    SELECT id, sandbox_id, attributes::text FROM profiles_profile
     WHERE id = coalesce((SELECT profile_id FROM profiles_mergedprofile WHERE old_profile_id = %(id)s), %(id)s)
       FOR NO KEY UPDATE
"""


def allows_marketing(attributes: dict, channel: str) -> bool:
    """May marketing be sent over this channel? Silence allows; `any` counts where the channel says nothing."""
    marketing = attributes.get("consents")
    marketing = marketing.get("marketing") if isinstance(marketing, dict) else None
    if not isinstance(marketing, dict):
        return True
    for name in (channel, "any"):
        choice = marketing.get(name)
        value = choice.get("val") if isinstance(choice, dict) else None
        if value is not None:
            return value not in REFUSALS
    return True


@transaction.atomic
def set_marketing(profile_id: int, channel: str, value: str, *, source: str, now: datetime) -> int | None:
    """Set a channel's marketing consent, effective for the next message; the profile's id, None when it is gone."""
    found = sql.rows(LOCK_PROFILE, {"id": profile_id})
    if not found:
        return None
    current, sandbox_id, text = found[0]
    choice = {"consents": {"marketing": {channel: {"val": value, "time": now.isoformat()}}}}
    attributes = deep_merge(orjson.loads(text), choice)
    sql.run(
        "UPDATE profiles_profile SET attributes = %s, updated_at = %s WHERE id = %s",
        [orjson.dumps(attributes).decode(), now, current],
    )
    ConsentChange.objects.create(
        sandbox_id=sandbox_id, profile_id=current, channel=channel, value=value, source=source, changed_at=now
    )
    return current
