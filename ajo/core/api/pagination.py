"""Pages of results: `?page=2&page_size=100`; for tables that grow without end, a cursor instead."""

from rest_framework.pagination import CursorPagination, PageNumberPagination


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 500


class Newest(CursorPagination):
    """Newest first, from cursor to cursor: the cost does not grow with the table, and nothing is counted."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 500


class NewestEvents(Newest):
    """Newest first by the time at which they happened."""

    ordering = ("-timestamp", "-id")
