"""Everything that happened to one person, in one list, newest first.

A query per source, each limited and on its (profile, time) index; merged here. The place in the list is
(time, source, id), so two things of the same moment never get lost between two pages.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ajo.reporting.people import place_of, versions_by_id
from channels_app.content.contents import plain_subject
from channels_app.delivery.checks import in_words as delivery_reason
from channels_app.feedback.interactions import EVENT_TYPE as TRACKING
from channels_app.models import Message, MessageEvent
from journeys import reasons
from journeys.models import JourneyVersion, Refusal, StepEvent
from profiles.models import ConsentChange, ExperienceEvent, Profile


@dataclass(frozen=True)
class Cursor:
    """A place in the list; what is shown next comes after it."""

    at: datetime
    rank: int
    id: int

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor of an address; None for anything else, which means the beginning."""
        parts = text.split("~")
        try:
            at = datetime.fromisoformat(parts[0])
            return cls(at, int(parts[1]), int(parts[2])) if at.tzinfo else None
        except (ValueError, IndexError):
            return None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.rank}~{self.id}"


@dataclass
class Item:
    """One thing that happened. `status` colours it; `data` is all that is stored of it."""

    at: datetime
    id: int
    kind: str
    icon: str
    title: str
    text: str = ""
    status: str = ""
    link: tuple[str, int] | None = None  # ("journey", version id) or ("message", message id)
    data: dict = field(default_factory=dict)
    rank: int = 0

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.at, self.rank, self.id)


@dataclass(frozen=True)
class Source:
    """Where items come from: rows of a person, their column of time, and how a page of them reads."""

    group: str
    rows: Callable[[Profile], QuerySet]
    at: str
    read: Callable[[Sequence], Iterable[Item]]


@dataclass
class Page:
    items: list[Item]
    next: Cursor | None


def page_of(
    profile: Profile, *, groups: Sequence[str] = (), before: Cursor | None = None, limit: int = 40
) -> Page:
    """One page of a person's timeline. `groups` narrows it: events, journeys, messages, consents."""
    found = []
    for rank, source in enumerate(SOURCES):
        if groups and source.group not in groups:
            continue
        rows = source.rows(profile)
        if before is not None:
            rows = rows.filter(older_than(before, rank, source.at))
        items = list(source.read(list(rows.order_by(f"-{source.at}", "-id")[: limit + 1])))
        for item in items:
            item.rank = rank
        found.append(items)
    merged = heapq.merge(*found, key=lambda item: (item.at, item.rank, item.id), reverse=True)
    items = list(islice(merged, limit + 1))
    return Page(items[:limit], items[limit - 1].cursor if len(items) > limit else None)


def older_than(cursor: Cursor, rank: int, at: str) -> Q:
    """Rows of the source `rank` that come after the cursor."""
    older = Q(**{f"{at}__lt": cursor.at})
    if rank < cursor.rank:
        return Q(**{f"{at}__lte": cursor.at})
    if rank == cursor.rank:
        return older | Q(**{at: cursor.at, "id__lt": cursor.id})
    return older


# --- the sources --------------------------------------------------------------------------------------------


def read_events(rows: Sequence[ExperienceEvent]) -> Iterable[Item]:
    for row in rows:
        page = row.data.get("web", {}) if isinstance(row.data, dict) else {}
        details = page.get("webPageDetails", {}) if isinstance(page, dict) else {}
        name = details.get("name", "") if isinstance(details, dict) else ""
        yield Item(
            row.timestamp,
            row.pk,
            "event",
            "zap",
            row.event_type or _("Event"),
            str(name or ""),
            "info",
            data=row.data,
        )


def read_steps(rows: Sequence[StepEvent]) -> Iterable[Item]:
    versions = versions_by_id({row.version_id for row in rows})
    for row in rows:
        version = versions.get(row.version_id)
        status = reasons.STATUSES.get(row.status, row.status)
        why = reasons.in_words(row.code)
        text = " · ".join(part for part in (title_of(version), status, outlet_of(row), why) if part)
        state = {"error": "danger", "exited": "warning"}.get(row.status, "")
        data = {
            "status": row.status,
            "kind": row.kind,
            "outlet": row.outlet,
            "visit": row.visit,
            "instance": row.instance_id,
            "version": row.version_id,
            "node": row.node_id,
            "entrance": row.is_entrance,
            "reentrance": row.is_reentrance,
            "end": row.is_end,
            "code": row.code,
            "detail": row.detail,
        }
        link = ("journey", row.version_id) if version else None
        yield Item(row.at, row.pk, "step", "route", place_of(version, row.node_id), text, state, link, data)


def outlet_of(row: StepEvent) -> str:
    return _("by “%(outlet)s”") % {"outlet": row.outlet} if row.outlet and row.outlet != "next" else ""


def title_of(version: JourneyVersion | None) -> str:
    return f"{version.journey.name} v{version.number}" if version else ""


def read_refusals(rows: Sequence[Refusal]) -> Iterable[Item]:
    versions = versions_by_id({row.version_id for row in rows})
    for row in rows:
        version = versions.get(row.version_id)
        data = {"code": row.code, "key": row.key, "event": row.event_id, "version": row.version_id}
        title = _("Did not enter %(journey)s") % {"journey": title_of(version)}
        link = ("journey", row.version_id) if version else None
        yield Item(
            row.at, row.pk, "refusal", "door-open", title, reasons.in_words(row.code), "warning", link, data
        )


def read_messages(rows: Sequence[Message]) -> Iterable[Item]:
    for row in rows:
        subject = plain_subject(row.content.parts) if row.content else ""
        data = {
            "id": row.pk,
            "state": row.state,
            "reason": row.reason,
            "address": row.address,
            "type": row.message_type,
            "version": row.journey_version_id,
            "node": row.node_id,
            "attempts": row.attempts,
        }
        title = _("Message: %(subject)s") % {"subject": subject}
        text = " · ".join(part for part in (row.get_state_display(), delivery_reason(row.reason)) if part)
        yield Item(
            row.created_at, row.pk, "message", "mail", title, text, row.state, ("message", row.pk), data
        )


MESSAGE_EVENTS = {
    "sent": ("send", "success"),
    "skipped": ("ban", "skipped"),
    "bounced": ("circle-x", "bounced"),
    "failed": ("circle-alert", "failed"),
    "delayed": ("clock", "warning"),
    "open": ("mail-open", "success"),
    "click": ("mouse-pointer-click", "success"),
    "unsubscribe": ("mail-x", "warning"),
}
MESSAGE_TITLES = {
    "sent": gettext_lazy("Message sent"),
    "skipped": gettext_lazy("Message not sent"),
    "bounced": gettext_lazy("Message bounced"),
    "failed": gettext_lazy("Message failed"),
    "delayed": gettext_lazy("Message delayed"),
    "open": gettext_lazy("Message opened"),
    "click": gettext_lazy("Link clicked"),
    "unsubscribe": gettext_lazy("Unsubscribed"),
}


def read_message_events(rows: Sequence[MessageEvent]) -> Iterable[Item]:
    messages = Message.objects.filter(pk__in={row.message_id for row in rows}).select_related("content")
    subjects = {m.pk: plain_subject(m.content.parts) for m in messages if m.content}
    for row in rows:
        icon, status = MESSAGE_EVENTS.get(row.kind, ("mail", ""))
        detail = row.detail or {}
        text = delivery_reason(row.reason) or detail.get("url") or subjects.get(row.message_id, "")
        data = {"kind": row.kind, "message": row.message_id, "reason": row.reason, "detail": row.detail}
        title = str(MESSAGE_TITLES.get(row.kind, row.kind))
        yield Item(
            row.at, row.pk, "message_event", icon, title, text, status, ("message", row.message_id), data
        )


CONSENT_WORDS = {
    "y": gettext_lazy("yes"),
    "dy": gettext_lazy("yes"),
    "n": gettext_lazy("no"),
    "dn": gettext_lazy("no"),
}


def read_consents(rows: Sequence[ConsentChange]) -> Iterable[Item]:
    for row in rows:
        title = _("Consent for %(channel)s: %(value)s") % {
            "channel": row.channel,
            "value": CONSENT_WORDS.get(row.value, row.value),
        }
        data = {"channel": row.channel, "value": row.value, "source": row.source}
        yield Item(row.changed_at, row.pk, "consent", "shield-check", title, row.source, "info", data=data)


def of_person(model, **more) -> Callable[[Profile], QuerySet]:
    return lambda profile: model.objects.filter(profile_id=profile.pk, sandbox_id=profile.sandbox_id, **more)


# Opens and clicks come as events too; the message events tell them with the message they belong to.
def events_of(profile: Profile) -> QuerySet[ExperienceEvent]:
    return of_person(ExperienceEvent)(profile).exclude(event_type=TRACKING)


def messages_of(profile: Profile) -> QuerySet[Message]:
    return of_person(Message)(profile).select_related("content")


# Within one moment the last is on top: an event leads to steps, a step to a message, that to its events.
SOURCES: list[Source] = [
    Source("events", events_of, "timestamp", read_events),
    Source("journeys", of_person(Refusal), "at", read_refusals),
    Source("journeys", of_person(StepEvent), "at", read_steps),
    Source("messages", messages_of, "created_at", read_messages),
    Source("messages", of_person(MessageEvent), "at", read_message_events),
    Source("consents", of_person(ConsentChange), "changed_at", read_consents),
]
GROUPS: dict[str, str] = {
    "events": gettext_lazy("Events"),
    "journeys": gettext_lazy("Journeys"),
    "messages": gettext_lazy("Messages"),
    "consents": gettext_lazy("Consents"),
}
