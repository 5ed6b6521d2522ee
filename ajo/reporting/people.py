"""Finding people, and everything that is known of one of them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from ajo.core.models import Sandbox
from audiences.models import Membership
from channels_app.models import Suppression
from journeys import reasons
from journeys.graph import Graph
from journeys.models import JourneyInstance, JourneyVersion
from profiles.models import ConsentChange, Identity, MergedProfile, Namespace, Profile

NAMES = (
    "attributes__person__name__firstName",
    "attributes__person__name__lastName",
    "attributes__personalEmail__address",
)
MAX_WORDS = 5


def search(sandbox: Sandbox, text: str) -> QuerySet[Profile]:
    """People with exactly this identity; when there is none, whose names or identities hold all its words."""
    people = Profile.objects.filter(sandbox=sandbox)
    text = text.replace("\x00", "").strip()
    if not text:
        return people
    namespaces = list(Namespace.objects.filter(sandbox=sandbox).values_list("pk", flat=True))
    exact = Identity.objects.filter(namespace_id__in=namespaces, value__in={text, text.lower()})
    if found := list(exact.values_list("profile_id", flat=True)):
        return people.filter(pk__in=found)
    for word in text.split()[:MAX_WORDS]:
        held = Identity.objects.filter(namespace_id__in=namespaces, value__icontains=word)
        fits = Q(pk__in=held.values("profile_id"))
        for path in NAMES:
            fits |= Q(**{f"{path}__icontains": word})
        people = people.filter(fits)
    return people


def by_identity(sandbox: Sandbox, namespace: str, value: str) -> QuerySet[Profile]:
    """The person behind one identity; values of e-mail addresses are kept in lower case."""
    value = value.replace("\x00", "").strip()
    identities = Identity.objects.filter(
        namespace__sandbox=sandbox, namespace__code__iexact=namespace, value__in={value, value.lower()}
    )
    return Profile.objects.filter(sandbox=sandbox, pk__in=identities.values("profile_id"))


def wanted(sandbox: Sandbox, profile_id: int) -> Profile | None:
    """The profile with this id, also under an id that was merged away."""
    rows = Profile.objects.filter(sandbox=sandbox)
    found = rows.filter(pk=profile_id).first()
    if found is None:
        moved = MergedProfile.objects.filter(old_profile_id=profile_id).values("profile_id")
        found = rows.filter(pk__in=moved).first()
    return found


@dataclass
class Stay:
    """An instance as the person's page shows it."""

    instance: JourneyInstance
    version: JourneyVersion | None
    place: str
    reason: str


@dataclass(frozen=True)
class Consent:
    channel: str
    value: str
    time: datetime | None


def identities_of(profile: Profile) -> list[Identity]:
    rows = Identity.objects.filter(profile=profile).select_related("namespace")
    return list(rows.order_by("namespace__priority", "value"))


def memberships_of(profile: Profile) -> list[Membership]:
    rows = Membership.objects.filter(profile_id=profile.pk, sandbox_id=profile.sandbox_id)
    return list(rows.select_related("audience").order_by("status", "audience__name"))


def consents_of(profile: Profile) -> list[Consent]:
    """The choices in force."""
    marketing = profile.attributes.get("consents")
    marketing = marketing.get("marketing") if isinstance(marketing, dict) else None
    if not isinstance(marketing, dict):
        return []
    return [
        Consent(channel, str(choice.get("val", "")), moment(choice.get("time")))
        for channel, choice in sorted(marketing.items())
        if isinstance(choice, dict)
    ]


def moment(text: object) -> datetime | None:
    """The time that a record states as text; None where it says none that can be read."""
    try:
        found = parse_datetime(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def consent_history(profile: Profile) -> QuerySet[ConsentChange]:
    return ConsentChange.objects.filter(profile_id=profile.pk, sandbox_id=profile.sandbox_id)


def stays_of(profile: Profile, limit: int = 50) -> list[Stay]:
    """The person's ways through journeys, those still under way first."""
    rows = JourneyInstance.objects.filter(profile_id=profile.pk, sandbox_id=profile.sandbox_id)
    instances = sorted(rows.order_by("-id")[:limit], key=lambda i: i.state != JourneyInstance.State.WAITING)
    versions = versions_by_id({instance.version_id for instance in instances})
    return [
        Stay(
            instance,
            version := versions.get(instance.version_id),
            place_of(version, instance.node_id),
            reasons.in_words(instance.reason),
        )
        for instance in instances
    ]


def versions_by_id(ids: set[int]) -> dict[int, JourneyVersion]:
    return {v.pk: v for v in JourneyVersion.objects.filter(pk__in=ids).select_related("journey")}


def place_of(version: JourneyVersion | None, node_id: str) -> str:
    """The label of a node, or of parallel ones."""
    if version is None:
        return node_id
    nodes = Graph.from_json(version.graph).nodes
    return " | ".join(nodes[part].label or part if part in nodes else part for part in node_id.split("|"))


def suppressed_addresses(profile: Profile) -> list[Suppression]:
    """Which of the person's addresses are on the suppression list."""
    known = {identity.value.lower() for identity in identities_of(profile)}
    email = (profile.attributes.get("personalEmail") or {}) if profile.attributes else {}
    if isinstance(email, dict) and isinstance(email.get("address"), str):
        known.add(email["address"].lower())
    return list(Suppression.objects.filter(sandbox_id=profile.sandbox_id, address__in=known))
