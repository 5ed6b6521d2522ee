"""Who is meant: from identities to profiles, for a whole batch at once.

Identities that come in one record belong to one person. Where that joins people already known, they merge.
(Linking rules and graph limits belong here too; today every link counts.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import connection
from psycopg2.extras import execute_values

from ajo.core import sql

Pair = tuple[int, str]  # (namespace id, value)

# The people behind the identities of a batch, locked in id order so that two workers cannot block each other.
KNOWN = """
    SELECT i.namespace_id, i.value, p.id
      FROM unnest(%s::bigint[], %s::text[]) AS w(namespace_id, value)
      JOIN profiles_identity i ON i.namespace_id = w.namespace_id AND i.value = w.value
      JOIN profiles_profile p ON p.id = i.profile_id
     ORDER BY p.id
       FOR NO KEY UPDATE OF p
"""
# The same for messages that name the profile itself; a merged one is found under its new id.
KNOWN_IDS = """
    SELECT w.id, p.id
      FROM unnest(%s::bigint[]) AS w(id)
      LEFT JOIN profiles_mergedprofile m ON m.old_profile_id = w.id
      JOIN profiles_profile p ON p.id = coalesce(m.profile_id, w.id)
     ORDER BY p.id
       FOR NO KEY UPDATE OF p
"""
NEW_PROFILES = """
    INSERT INTO profiles_profile (sandbox_id, attributes, created_at, updated_at)
    SELECT s, '{}', now(), now() FROM unnest(%s::bigint[]) s
    RETURNING id
"""
NEW_IDENTITIES = """
    INSERT INTO profiles_identity (sandbox_id, namespace_id, value, profile_id, first_seen_at) VALUES %s
    ON CONFLICT (namespace_id, value) DO NOTHING
    RETURNING id
"""


class Conflict(Exception):
    """Another transaction linked the same identity at this moment. Roll back and take the batch again."""


@dataclass
class Resolution:
    """The answer for a batch: a profile for every record, the profiles made, and the merges to carry out."""

    profile_of: dict[int, int]  # position in the batch -> profile id
    created: list[int] = field(default_factory=list)
    merges: list[tuple[int, int]] = field(default_factory=list)  # (old, survivor)


class _Groups:
    """Union-find over identities."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def find(self, item: object) -> object:
        parent = self.parent.setdefault(item, item)
        while parent != item:
            self.parent[item] = self.parent[parent]
            item, parent = parent, self.parent[parent]
        return item

    def join(self, one: object, other: object) -> None:
        self.parent[self.find(other)] = self.find(one)


def resolve(records: Sequence[tuple[int, list[Pair], int | None]]) -> Resolution:
    """Find or make the profile of each record: (sandbox id, identities, profile id when known already).

    1. Look up and lock the people behind all identities, in one statement each.
    2. Join what came together; a group that touches several people merges them into the oldest.
    3. Make profiles for groups nobody knew, and store the new identities.
    """
    pairs = sorted({pair for _, identities, _ in records for pair in identities})
    known: dict[Pair, int] = {}
    if pairs:
        found = sql.rows(KNOWN, [[p[0] for p in pairs], [p[1] for p in pairs]])
        known = {(namespace_id, value): profile_id for namespace_id, value, profile_id in found}
    named = sorted({profile_id for _, _, profile_id in records if profile_id is not None})
    current = dict(sql.rows(KNOWN_IDS, [named])) if named else {}

    groups = _Groups()
    for _, identities, profile_id in records:
        members = [*identities, *([("profile", current[profile_id])] if profile_id in current else [])]
        for other in members[1:]:
            groups.join(members[0], other)
    people: dict[object, set[int]] = {}
    for pair, profile_id in known.items():
        people.setdefault(groups.find(pair), set()).add(profile_id)
    for profile_id in current.values():
        people.setdefault(groups.find(("profile", profile_id)), set()).add(profile_id)
    # two groups that share a person through stored identities are one
    return _assign(records, groups, people, known, current)


def _assign(records, groups: _Groups, people: dict, known: dict, current: dict) -> Resolution:
    answer = Resolution(profile_of={})
    survivor: dict[object, int] = {}
    moved: dict[int, int] = {}
    for root, ids in sorted(people.items(), key=lambda entry: min(entry[1])):
        ids = {_end(moved, profile_id) for profile_id in ids}
        survivor[root] = min(ids)
        for old in sorted(ids - {survivor[root]}):
            moved[old] = survivor[root]
            answer.merges.append((old, survivor[root]))

    wanted: dict[object, int] = {}  # groups nobody knew -> sandbox
    for sandbox_id, identities, _ in records:
        if identities and (root := groups.find(identities[0])) not in survivor:
            wanted.setdefault(root, sandbox_id)
    if wanted:
        ids = [row[0] for row in sql.rows(NEW_PROFILES, [list(wanted.values())])]
        survivor.update(zip(wanted, ids, strict=True))
        answer.created = ids

    fresh: dict[Pair, tuple[int, int]] = {}
    for position, (sandbox_id, identities, profile_id) in enumerate(records):
        if identities:
            answer.profile_of[position] = _end(moved, survivor[groups.find(identities[0])])
        elif profile_id in current:
            answer.profile_of[position] = _end(moved, current[profile_id])
        for pair in identities:
            if pair not in known:
                fresh[pair] = (sandbox_id, answer.profile_of[position])
    store_identities(fresh)
    return answer


def _end(moved: dict[int, int], profile_id: int) -> int:
    while profile_id in moved:
        profile_id = moved[profile_id]
    return profile_id


def store_identities(fresh: dict[Pair, tuple[int, int]]) -> None:
    """Insert new identities, in order; Conflict when another transaction has just stored one of them."""
    if not fresh:
        return
    values = [
        (s, namespace_id, value, profile_id)
        for (namespace_id, value), (s, profile_id) in sorted(fresh.items())
    ]
    with connection.cursor() as cursor:
        done = execute_values(
            cursor.cursor,
            NEW_IDENTITIES,
            values,
            template="(%s, %s, %s, %s, now())",
            page_size=1000,
            fetch=True,
        )
    if len(done) != len(values):
        raise Conflict
