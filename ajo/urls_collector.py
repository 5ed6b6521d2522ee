"""The paths that take volume, served by the collector process; the web process answers them too."""

urlpatterns: list = []
