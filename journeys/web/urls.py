"""Addresses of the journey pages."""

from django.urls import path

from journeys.web import editor, inventory, lifecycle, panels

app_name = "journeys"

urlpatterns = [
    path("", inventory.listing, name="list"),
    path("new/", inventory.create, name="create"),
    path("check-expression/", panels.check_expression, name="check-expression"),
    path("<int:journey_id>/duplicate/", lifecycle.duplicate, name="duplicate"),
    path("<int:version_id>/", editor.page, name="canvas"),
    path("<int:version_id>/operations/", editor.operations, name="operations"),
    path("<int:version_id>/refresh/", editor.refresh, name="refresh"),
    path("<int:version_id>/counts/", editor.counts, name="counts"),
    path("<int:version_id>/problems/", editor.problems, name="problems"),
    path("<int:version_id>/settings/", panels.journey, name="settings"),
    path("<int:version_id>/nodes/<str:node_id>/", panels.node, name="node"),
    path("<int:version_id>/nodes/<str:node_id>/<str:purpose>/", editor.places, name="places"),
    path("<int:version_id>/publish/", lifecycle.publish, name="publish"),
    path("<int:version_id>/close/", lifecycle.close, name="close"),
    path("<int:version_id>/stop/", lifecycle.stop, name="stop"),
    path("<int:version_id>/new-version/", lifecycle.new_version, name="new-version"),
]
