"""The ground floor: sandboxes, access, errors, and the tools that know no marketing words."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "ajo.core"
    label = "core"
    verbose_name = "Sandboxes and access"
