"""Typed readers for settings from the environment. A secret may stand in a file named by NAME_FILE instead."""

import os
from pathlib import Path

import environ

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent


def secret(name: str, default: str | None = None) -> str | None:
    """The value of NAME, or the stripped content of the file that NAME_FILE points to."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def database(url: str) -> dict:
    """Django's database entry for a PostgreSQL URL; the only dialect the product speaks."""
    config = env.db_url_config(url)
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ValueError(
            "DATABASE_URL must be a PostgreSQL URL, such as postgres://user:password@host:5432/name."
        )
    return config
