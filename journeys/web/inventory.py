"""The list of journeys: find, sort, create, copy."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from ajo.core.permissions import needs
from journeys import errors, versions
from journeys.graph import Graph
from journeys.models import Journey, JourneyVersion, NodeTally
from journeys.placing import name_of, start_of
from journeys.web.forms import NewJourneyForm

Status = JourneyVersion.Status
ON_A_PAGE = 25
SORTS = {"name": "name", "status": "shown_status", "changed": "changed_at"}


@dataclass
class Row:
    """A line of the list."""

    journey: Journey
    version: JourneyVersion
    draft_id: int | None
    start: str
    activities: int
    entered: int = 0
    inside: int = 0
    failed: int = 0


@require_GET
@needs("journeys.view")
def listing(request: HttpRequest) -> HttpResponse:
    """The page, or only its body when HTMX asks while somebody types."""
    search, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    everything = journeys_of(request.access.sandbox.pk)
    found = (
        everything.filter(Q(name__icontains=search) | Q(description__icontains=search))
        if search
        else everything
    )
    counted = count_by_status(found)
    all_counted = count_by_status(everything) if search else counted
    if status in Status.values:
        found = found.filter(shown_status=status)
    sort = request.GET.get("sort", "-changed")
    field = SORTS.get(sort.lstrip("-"), "changed_at")
    order = F(field).desc() if sort.startswith("-") else F(field).asc()
    page = Paginator(found.order_by(order, "pk"), ON_A_PAGE).get_page(request.GET.get("page"))
    tabs = [
        {"value": value, "label": label, "count": counted.get(value, 0)} for value, label in Status.choices
    ]
    context = {
        "rows": rows_of(page),
        "page": page,
        "search": search,
        "status": status,
        "sort": sort,
        "tabs": [tab for tab in tabs if tab["count"] or tab["value"] == status],
        "count": sum(all_counted.values()),
        "found_count": sum(counted.values()),
        "live_count": all_counted.get(Status.LIVE, 0),
        "is_empty": not all_counted,
    }
    page_pieces = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    context["page"].pages_shown = [number for number in page_pieces if isinstance(number, int)]
    template = "journeys/_list.html" if request.htmx else "journeys/list.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@needs("journeys.edit")
def create(request: HttpRequest) -> HttpResponse:
    """A dialog that asks for a name, then the empty canvas."""
    form = NewJourneyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            version = versions.create(
                request.access.sandbox, form.cleaned_data["name"], actor=request.access.actor
            )
        except errors.NameTaken as error:
            form.add_error("name", error.message)
        else:
            return HttpResponse(
                status=302 if not request.htmx else 204,
                headers={
                    "HX-Redirect" if request.htmx else "Location": reverse(
                        "journeys:canvas", args=[version.pk]
                    )
                },
            )
    template = "journeys/_dialog_create.html" if request.htmx else "journeys/create.html"
    return render(request, template, {"form": form})


def journeys_of(sandbox_id: int) -> QuerySet[Journey]:
    """Journeys with the version that stands for them: the live one, else the latest."""
    of_journey = JourneyVersion.objects.filter(journey=OuterRef("pk"))
    is_live_first = Case(
        When(status=Status.LIVE, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    shown = of_journey.order_by(is_live_first, "-number")
    drafts = of_journey.filter(status=Status.DRAFT)
    return Journey.objects.filter(sandbox_id=sandbox_id).annotate(
        shown_id=Subquery(shown.values("pk")[:1]),
        shown_status=Subquery(shown.values("status")[:1]),
        draft_id=Subquery(drafts.values("pk")[:1]),
        changed_at=Max("versions__updated_at"),
    )


def count_by_status(journeys: QuerySet[Journey]) -> dict[str, int]:
    return dict(journeys.order_by().values_list("shown_status").annotate(Count("pk")))


def rows_of(page: Page) -> list[Row]:
    journeys = list(page.object_list)
    shown = JourneyVersion.objects.in_bulk([journey.shown_id for journey in journeys])
    tallies = (
        NodeTally.objects.filter(version__in=shown, outlet="")
        .values("version_id", "node_id")
        .annotate(came=Sum("entered"), left=Sum("exited"), failed=Sum("errors"))
    )
    by_version: dict[int, list[dict]] = {}
    for tally in tallies:
        by_version.setdefault(tally["version_id"], []).append(tally)
    rows = []
    for journey in journeys:
        version = shown[journey.shown_id]
        graph = Graph.from_json(version.graph)
        start = start_of(graph)
        counts = by_version.get(version.pk, [])
        rows.append(
            Row(
                journey=journey,
                version=version,
                draft_id=journey.draft_id if journey.draft_id != version.pk else None,
                start=name_of(start) if start else "",
                activities=len(graph.nodes),
                entered=sum(t["came"] for t in counts if start and t["node_id"] == start.id),
                inside=max(0, sum(t["came"] - t["left"] - t["failed"] for t in counts)),
                failed=sum(t["failed"] for t in counts),
            )
        )
    return rows
