"""The state of the system on one page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ajo.core import clock
from ajo.core.permissions import needs
from ajo.reporting import operations


@require_GET
@needs("operations.view")
def status(request: HttpRequest) -> HttpResponse:
    """What waits and what is late; asked again every few seconds."""
    context = {"state": operations.state_of(request.access.sandbox, clock.now())}
    return render(request, "core/_system.html" if request.htmx else "core/system.html", context)
