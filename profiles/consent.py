"""Consent: what a person allows, per channel. In force is what stands in the profile; every change is kept."""

from datetime import datetime

from django.db import transaction

from ajo.core import sql
from profiles.models import ConsentChange

REFUSALS = {"n", "dn"}

SET_CHANNEL = """
    UPDATE profiles_profile
       SET updated_at = %(now)s,
           attributes = attributes || jsonb_build_object('consents',
               coalesce(attributes -> 'consents', '{}') || jsonb_build_object('marketing',
                   coalesce(attributes #> '{consents,marketing}', '{}') || jsonb_build_object(%(channel)s::text,
                       coalesce(attributes #> array['consents', 'marketing', %(channel)s::text], '{}')
                       || jsonb_build_object('val', %(value)s::text, 'time', %(time)s::text))))
     WHERE id = (SELECT coalesce((SELECT profile_id FROM profiles_mergedprofile WHERE old_profile_id = %(profile)s),
                                 %(profile)s))
 RETURNING id, sandbox_id
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
    found = sql.rows(
        SET_CHANNEL,
        {"now": now, "time": now.isoformat(), "channel": channel, "value": value, "profile": profile_id},
    )
    if not found:
        return None
    current, sandbox_id = found[0]
    ConsentChange.objects.create(
        sandbox_id=sandbox_id, profile_id=current, channel=channel, value=value, source=source, changed_at=now
    )
    return current
