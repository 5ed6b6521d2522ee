"""Lists on pages: one page of rows, and the part of the page that HTMX swaps."""

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property

ON_A_PAGE = 25
COUNTED = 10_000  # counting further costs more than the number is worth


class PatientPaginator(Paginator):
    """Counts no further than COUNTED, whatever the size of the table."""

    @cached_property
    def count(self) -> int:
        if isinstance(self.object_list, QuerySet):
            return self.object_list.order_by()[:COUNTED].count()
        return len(self.object_list)

    @property
    def is_capped(self) -> bool:
        return self.count >= COUNTED


def page_of(rows, request: HttpRequest, *, size: int = ON_A_PAGE) -> Page:
    """The page that the address asks for."""
    page = PatientPaginator(rows, size).get_page(request.GET.get("page"))
    elided = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    page.pages_shown = [number for number in elided if isinstance(number, int)]
    return page


def searched(request: HttpRequest) -> str:
    """What was typed into the search field, fit for the database."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:200]


def show_list(request: HttpRequest, folder: str, context: dict, *, name: str = "list") -> HttpResponse:
    """The whole page, or only its list when HTMX asks while somebody searches."""
    template = f"{folder}/_{name}.html" if request.htmx else f"{folder}/{name}.html"
    return render(request, template, context)
