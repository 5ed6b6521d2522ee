"""Two profiles turn out to be one person: everything of the old one moves to the survivor.

Upper storeys hear of it from `ajo.pipeline` and move what is theirs.
"""

from collections.abc import Sequence
from datetime import datetime

import orjson

from ajo.core import sql


def deep_merge(base: dict, patch: dict) -> dict:
    """`base` with the fields of `patch`: objects field by field, everything else replaced, null removes a field."""
    merged = dict(base)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            known = merged.get(name)
            merged[name] = deep_merge(known if isinstance(known, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def merge(merges: Sequence[tuple[int, int]], now: datetime) -> None:
    """Carry out merges (old, survivor), all within the pipeline's transaction. What the survivor knows wins.

    1. Attributes: the survivor's, completed by the old one's.
    2. Identities, events and consent history change their owner.
    3. The old profile goes; its id leads to the survivor from now on.
    """
    ids = sorted({profile_id for pair in merges for profile_id in pair})
    attributes = dict(sql.rows("SELECT id, attributes::text FROM profiles_profile WHERE id = ANY(%s)", [ids]))
    known = {profile_id: orjson.loads(text) for profile_id, text in attributes.items()}
    for old, survivor in merges:
        known[survivor] = deep_merge(known.get(old, {}), known.get(survivor, {}))
        for table in (
            "profiles_identity",
            "profiles_experienceevent",
            "profiles_consentchange",
            "profiles_mergedprofile",
        ):
            sql.run(f"UPDATE {table} SET profile_id = %s WHERE profile_id = %s", [survivor, old])
        sql.run(
            "UPDATE profiles_profile SET attributes = %s, updated_at = %s WHERE id = %s",
            [orjson.dumps(known[survivor]).decode(), now, survivor],
        )
        sql.run("DELETE FROM profiles_profile WHERE id = %s", [old])
        sql.run(
            "INSERT INTO profiles_mergedprofile (old_profile_id, profile_id, merged_at) VALUES (%s, %s, %s)",
            [old, survivor, now],
        )
