"""What expressions read of people, fetched for a whole batch on first use."""

from collections.abc import Callable, Iterable
from functools import partial

import orjson

from ajo.core import sql

MAX_EVENTS = 5_000  # of one person; older ones are not read

# A merged profile is found under its new id.
ATTRIBUTES = """
    SELECT w.id, p.attributes::text
      FROM unnest(%s::bigint[]) AS w(id)
      LEFT JOIN profiles_mergedprofile m ON m.old_profile_id = w.id
      JOIN profiles_profile p ON p.id = coalesce(m.profile_id, w.id)
"""
EVENTS = """
    SELECT w.id, e.data::text
      FROM unnest(%s::bigint[]) AS w(id)
      LEFT JOIN profiles_mergedprofile m ON m.old_profile_id = w.id
      CROSS JOIN LATERAL (
          SELECT e.data, e."timestamp", e.id FROM profiles_experienceevent e
           WHERE e.profile_id = coalesce(m.profile_id, w.id)
           ORDER BY e."timestamp" DESC, e.id DESC LIMIT %s
      ) e
     ORDER BY w.id, e."timestamp" DESC, e.id DESC
"""
AUDIENCES = """
    SELECT m.profile_id, a.name, a.external_id::text, m.status
      FROM audiences_membership m JOIN audiences_audience a ON a.id = m.audience_id
     WHERE m.profile_id = ANY(%s)
"""


class People:
    """The people of a batch. Each part (attributes, events, audiences) is read once, for all, when first asked for."""

    def __init__(self, profile_ids: Iterable[int]) -> None:
        self.ids = list(dict.fromkeys(profile_ids))
        self._attributes: dict[int, dict] | None = None
        self._events: dict[int, list[dict]] | None = None
        self._audiences: dict[int, dict[str, str]] | None = None

    def attributes(self, profile_id: int) -> dict:
        if self._attributes is None:
            self._attributes = {i: orjson.loads(text) for i, text in sql.rows(ATTRIBUTES, [self.ids])}
        return self._attributes.get(profile_id, {})

    def exists(self, profile_id: int) -> bool:
        self.attributes(profile_id)
        return profile_id in self._attributes

    def events(self, profile_id: int) -> list[dict]:
        if self._events is None:
            self._events = {}
            for owner, text in sql.rows(EVENTS, [self.ids, MAX_EVENTS]):
                self._events.setdefault(owner, []).append(orjson.loads(text))
        return self._events.get(profile_id, [])

    def audiences(self, profile_id: int) -> dict[str, str]:
        if self._audiences is None:
            self._audiences = {}
            for owner, name, external_id, status in sql.rows(AUDIENCES, [self.ids]):
                self._audiences.setdefault(owner, {}).update({name: status, external_id: status})
        return self._audiences.get(profile_id, {})

    def snapshot(
        self, profile_id: int, timezone: str, event: Callable[[], dict] | dict | None = None
    ) -> dict:
        """What an expression about this person reads; parts are called on first use."""
        return {
            "profile": partial(self.attributes, profile_id),
            "xEvent": partial(self.events, profile_id),
            "audiences": partial(self.audiences, profile_id),
            "event": event or {},
            "timezone": timezone,
        }
