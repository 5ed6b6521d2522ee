"""People: found by any identity or name; all that is known of one, and all that happened to them."""

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from ajo.core.permissions import needs
from ajo.core.web.paging import page_of, searched, show_list
from ajo.reporting import people, timeline
from profiles.models import Identity, Profile

SHOWN_IDENTITIES = 3  # a person in the list


@require_GET
@needs("profiles.view")
def listing(request: HttpRequest) -> HttpResponse:
    search = searched(request)
    page = page_of(people.search(request.access.sandbox, search).order_by("-pk"), request)
    shown = list(page.object_list)
    by_profile: dict[int, list[Identity]] = {}
    identities = Identity.objects.filter(profile__in=shown).select_related("namespace")
    for identity in identities.order_by("namespace__priority", "pk"):
        by_profile.setdefault(identity.profile_id, []).append(identity)
    for profile in shown:
        profile.shown_identities = by_profile.get(profile.pk, [])[:SHOWN_IDENTITIES]
        profile.more_identities = len(by_profile.get(profile.pk, [])) - len(profile.shown_identities)
    page.object_list = shown
    context = {"page": page, "search": search, "is_empty": not search and not page.paginator.count}
    return show_list(request, "profiles", context, name="profiles")


@require_GET
@needs("profiles.view")
def person(request: HttpRequest, profile_id: int) -> HttpResponse:
    profile = wanted(request, profile_id)
    if profile.pk != profile_id:  # merged into another one meanwhile
        return redirect("profiles:page", profile_id=profile.pk)
    context = {
        "profile": profile,
        "identities": people.identities_of(profile),
        "groups": attribute_groups(profile),
        "consents": people.consents_of(profile),
        "suppressed": people.suppressed_addresses(profile),
        "memberships": people.memberships_of(profile),
        "stays": people.stays_of(profile),
        "raw": pretty(profile.attributes),
    }
    return render(request, "profiles/profile.html", context | timeline_context(request, profile))


@require_GET
@needs("profiles.view")
def timeline_part(request: HttpRequest, profile_id: int) -> HttpResponse:
    """The timeline under other filters, or its next page."""
    profile = wanted(request, profile_id)
    context = {"profile": profile} | timeline_context(request, profile)
    template = "profiles/_timeline_items.html" if request.GET.get("before") else "profiles/_timeline.html"
    return render(request, template, context)


def timeline_context(request: HttpRequest, profile: Profile) -> dict:
    group = request.GET.get("show", "")
    group = group if group in timeline.GROUPS else ""
    before = timeline.Cursor.read(request.GET.get("before", ""))
    page = timeline.page_of(profile, groups=[group] if group else [], before=before)
    for item in page.items:
        item.raw = pretty(item.data)
    return {"items": page.items, "next": page.next, "group": group, "group_labels": timeline.GROUPS.items()}


def attribute_groups(profile: Profile) -> list[tuple[str, list[tuple[str, str]]]]:
    """Attributes by their first name, each as (path in the group, value); consents have their own place."""
    groups = []
    single = []
    for name, value in sorted(profile.attributes.items()):
        if name == "consents":
            continue
        if isinstance(value, dict):
            groups.append((name, list(flattened(value))))
        else:
            single.append((name, as_text(value)))
    return [*([("", single)] if single else []), *groups]


def flattened(value: dict, prefix: str = ""):
    for name, item in sorted(value.items()):
        if isinstance(item, dict) and item:
            yield from flattened(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", as_text(item)


def as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def wanted(request: HttpRequest, profile_id: int) -> Profile:
    found = people.wanted(request.access.sandbox, profile_id)
    if found is None:
        raise Http404
    return found
