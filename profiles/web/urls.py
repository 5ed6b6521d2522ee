"""Addresses of the facts storey's pages."""

from django.urls import include, path

from profiles.web import inlets, parked

INLETS = [
    path("", inlets.listing, name="list"),
    path("new/", inlets.create, name="create"),
    path("<int:inlet_id>/", inlets.edit, name="edit"),
    path("<int:inlet_id>/renew/", inlets.renew, name="renew"),
    path("<int:inlet_id>/delete/", inlets.delete, name="delete"),
]
PARKED = [
    path("", parked.listing, name="list"),
    path("replay/", parked.replay_chosen, name="replay"),
    path("<int:record_id>/", parked.record, name="record"),
    path("<int:record_id>/discard/", parked.discard, name="discard"),
]

urlpatterns = [
    path("inlets/", include((INLETS, "inlets"))),
    path("parked/", include((PARKED, "parked"))),
]
