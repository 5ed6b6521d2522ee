"""The roof as an installed app: it brings the commands that run the whole product."""

from django.apps import AppConfig


class AjoConfig(AppConfig):
    name = "ajo"
    verbose_name = "Journey optimizer"
