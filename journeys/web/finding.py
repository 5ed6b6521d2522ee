"""Looking up journeys inside the sandbox of the request; what is elsewhere does not exist."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from journeys.models import Journey, JourneyVersion


def wanted_version(request: HttpRequest, version_id: int) -> JourneyVersion:
    rows = JourneyVersion.objects.select_related("journey__sandbox", "namespace")
    return get_object_or_404(rows, pk=version_id, journey__sandbox=request.access.sandbox)


def wanted_journey(request: HttpRequest, journey_id: int) -> Journey:
    return get_object_or_404(Journey, pk=journey_id, sandbox=request.access.sandbox)
