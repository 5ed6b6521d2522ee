"""The streaming envelope: reading one message and saying exactly what is wrong with it.

{"header": {"schemaRef": {"id", "contentType"}, "datasetId", "operations": {"data": "merge"}, …},
 "body": {"xdmEntity": {…record or event…}}}
"""

import time
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from profiles.errors import InvalidMessage
from profiles.models import Dataset, Namespace, Schema

SHARDS = 16
MAX_MESSAGE_BYTES = 1_000_000
MAX_IDENTITIES = 20  # per record
MAX_IDENTITY_LENGTH = 1024
MAX_DEPTH = 64
USELESS_VALUES = {"", "null", "none", "undefined", "anonymous", "invalid", "nan"}
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_AHEAD = timedelta(days=1)  # clocks of senders go wrong, but not by more
CATALOGUE_FOR = 5.0  # seconds that a process trusts its copy of namespaces and schemas


class NamespaceInfo(NamedTuple):
    id: int
    code: str
    priority: int
    is_person: bool
    is_people: bool


@dataclass(slots=True)
class Parsed:
    """A message that can be processed. `identities` are (namespace id, value), the primary one first."""

    kind: str  # "record" or "event"
    identities: list[tuple[int, str]]
    entity: dict
    operation: str = "create"
    event_id: str = ""
    event_type: str = ""
    timestamp: datetime | None = None
    profile_id: int | None = None  # only in messages the product makes itself
    changed: bool = False  # the entity was completed, and differs from what came


@dataclass(frozen=True)
class Catalogue:
    """A sandbox's namespaces and schemas, as one process last read them."""

    namespaces: dict[str, NamespaceInfo]
    schemas: dict[str, str]
    datasets: dict[str, str]
    read_at: float


_catalogues: dict[int, Catalogue] = {}


def catalogue(sandbox_id: int) -> Catalogue:
    known = _catalogues.get(sandbox_id)
    if known and time.monotonic() - known.read_at < CATALOGUE_FOR:
        return known
    namespaces = {
        n.code.lower(): NamespaceInfo(n.pk, n.code, n.priority, n.is_person, n.id_type != "NON_PEOPLE")
        for n in Namespace.objects.filter(sandbox_id=sandbox_id)
    }
    schemas = dict(Schema.objects.filter(sandbox_id=sandbox_id).values_list("uri", "record_class"))
    datasets = dict(Dataset.objects.filter(sandbox_id=sandbox_id).values_list("key", "schema__uri"))
    fresh = Catalogue(namespaces, schemas, datasets, time.monotonic())
    _catalogues[sandbox_id] = fresh
    return fresh


def forget_catalogues() -> None:
    """Read namespaces and schemas anew at the next use."""
    _catalogues.clear()


def wrong(message: str, pointer: str) -> InvalidMessage:
    return InvalidMessage(message, pointer=pointer)


def parse(message: object, sandbox_id: int, now: datetime, *, internal: bool = False) -> Parsed:
    """Read one message, or raise InvalidMessage with a sentence and the JSON pointer of the place."""
    if not isinstance(message, dict):
        raise wrong("A message is an object with header and body.", "")
    header, body = message.get("header"), message.get("body")
    if not isinstance(header, dict):
        raise wrong("header is missing: it names the schema (schemaRef.id).", "/header")
    if not isinstance(body, dict) or not isinstance(body.get("xdmEntity"), dict):
        raise wrong("body.xdmEntity is missing: it holds the record or the event.", "/body/xdmEntity")
    known = catalogue(sandbox_id)
    record_class = Schema.RecordClass.EVENT if internal else schema_class(header, body, known)
    entity = body["xdmEntity"]
    check_texts(entity, "/body/xdmEntity")
    identities = read_identities(entity, known)
    profile_id = header.get("profileId") if internal else None
    if not identities and not isinstance(profile_id, int):
        raise wrong("No identity of a person: put one into identityMap.", "/body/xdmEntity/identityMap")
    if record_class == Schema.RecordClass.EVENT:
        return read_event(entity, identities, now, profile_id)
    operations = header.get("operations") or {}
    operation = operations.get("data", "create") if isinstance(operations, dict) else None
    if operation not in ("create", "merge"):
        raise wrong("operations.data must be create or merge.", "/header/operations/data")
    return Parsed("record", identities, entity, operation=operation, profile_id=profile_id)


def schema_class(header: dict, body: dict, known: Catalogue) -> str:
    """The class of the header's schema; it must be known, and the dataset's own."""
    reference = header.get("schemaRef")
    uri = reference.get("id") if isinstance(reference, dict) else None
    if not isinstance(uri, str):
        raise wrong("header.schemaRef.id is missing.", "/header/schemaRef/id")
    record_class = known.schemas.get(uri)
    if record_class is None:
        raise wrong(f"There is no schema {uri!r} in this sandbox.", "/header/schemaRef/id")
    dataset = header.get("datasetId")
    if dataset is not None:
        if not isinstance(dataset, str) or dataset not in known.datasets:
            raise wrong(f"There is no dataset {dataset!r} in this sandbox.", "/header/datasetId")
        if known.datasets[dataset] != uri:
            raise wrong("The dataset belongs to another schema than the header names.", "/header/datasetId")
    meta = body.get("xdmMeta")
    if (
        isinstance(meta, dict)
        and isinstance(meta.get("schemaRef"), dict)
        and meta["schemaRef"].get("id") != uri
    ):
        raise wrong("body.xdmMeta names another schema than the header.", "/body/xdmMeta/schemaRef/id")
    return record_class


def check_texts(entity: dict, pointer: str) -> None:
    """Refuse what the database cannot keep: NUL characters; and what nobody means: deep nesting."""
    todo: list[tuple[object, str, int]] = [(entity, pointer, 0)]
    while todo:
        value, place, depth = todo.pop()
        if isinstance(value, str):
            if "\x00" in value:
                raise wrong("A text holds a NUL character, which cannot be kept.", place)
        elif isinstance(value, dict):
            if depth > MAX_DEPTH:
                raise wrong(f"Objects are nested deeper than {MAX_DEPTH} levels.", place)
            for name, item in value.items():
                if "\x00" in name:
                    raise wrong("A field name holds a NUL character.", place)
                if isinstance(item, str | dict | list):
                    todo.append((item, f"{place}/{name}", depth + 1))
        elif isinstance(value, list):
            if depth > MAX_DEPTH:
                raise wrong(f"Lists are nested deeper than {MAX_DEPTH} levels.", place)
            todo.extend((item, f"{place}/{n}", depth + 1) for n, item in enumerate(value))


def read_identities(entity: dict, known: Catalogue) -> list[tuple[int, str]]:
    """The identities of a person in `identityMap`, the primary one first.

    The highest-ranking namespace is primary for events and records alike; within one, the one marked primary.
    """
    identity_map = entity.get("identityMap")
    if identity_map is None:
        return []
    place = "/body/xdmEntity/identityMap"
    if not isinstance(identity_map, dict):
        raise wrong("identityMap must be an object of lists.", place)
    found = []
    for code, items in identity_map.items():
        namespace = known.namespaces.get(code.lower())
        if namespace is None:
            raise wrong(f"There is no identity namespace {code!r} in this sandbox.", f"{place}/{code}")
        if not isinstance(items, list):
            raise wrong("Each namespace of identityMap holds a list.", f"{place}/{code}")
        if len(found) + len(items) > MAX_IDENTITIES:
            raise wrong(f"A record has at most {MAX_IDENTITIES} identities.", place)
        for number, item in enumerate(items):
            value = item.get("id") if isinstance(item, dict) else None
            if not isinstance(value, str):
                raise wrong("An identity needs an id, which is a text.", f"{place}/{code}/{number}/id")
            if not namespace.is_people:
                continue
            value = value.strip().lower() if namespace.code.lower() == "email" else value.strip()
            if value.lower() in USELESS_VALUES or len(value) > MAX_IDENTITY_LENGTH:
                raise wrong("This value cannot identify anybody.", f"{place}/{code}/{number}/id")
            if namespace.code == "ECID" and not (len(value) == 38 and value.isdigit()):
                raise wrong("An ECID has exactly 38 digits.", f"{place}/{code}/{number}/id")
            found.append(
                (namespace.priority, item.get("primary") is not True, len(found), namespace.id, value)
            )
    found.sort()
    return list(dict.fromkeys((namespace_id, value) for *_, namespace_id, value in found))


def read_event(entity: dict, identities: list, now: datetime, profile_id: int | None) -> Parsed:
    timestamp = read_instant(entity.get("timestamp"), now)
    event_type = entity.get("eventType", "")
    if not isinstance(event_type, str) or len(event_type) > 255:
        raise wrong("eventType must be a text of at most 255 characters.", "/body/xdmEntity/eventType")
    event_id = entity.get("_id")
    if not isinstance(event_id, str) or not event_id or len(event_id) > 1024:
        raise wrong("_id is missing: a text that is different for each event.", "/body/xdmEntity/_id")
    return Parsed(
        "event",
        identities,
        entity,
        event_id=event_id,
        event_type=event_type,
        timestamp=timestamp,
        profile_id=profile_id,
    )


def read_instant(value: object, now: datetime) -> datetime:
    """An RFC 3339 instant between 1970 and a day from now."""
    place = "/body/xdmEntity/timestamp"
    if not isinstance(value, str):
        raise wrong("timestamp is missing: when it happened, such as 2026-03-15T10:30:00Z.", place)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise wrong(
            "timestamp must be an RFC 3339 date and time, such as 2026-03-15T10:30:00Z.", place
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        instant = EARLIEST - timedelta(days=1)
    if not EARLIEST <= instant <= now + LATEST_AHEAD:
        raise wrong("timestamp must lie between 1970 and a day from now.", place)
    return instant


def shard_of(parsed: Parsed) -> int:
    """The shard of a message: the same for everything with the same primary identity."""
    key = (
        f"{parsed.identities[0][0]}:{parsed.identities[0][1]}"
        if parsed.identities
        else str(parsed.profile_id)
    )
    return zlib.crc32(key.encode("utf-8")) % SHARDS
