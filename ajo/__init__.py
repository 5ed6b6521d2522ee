"""The project: settings, doors and the roof of the house."""

from ajo.celery import app as celery_app

__all__ = ["celery_app"]
