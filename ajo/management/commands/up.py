"""`manage.py up`: the whole product on one machine, until Ctrl-C."""

import json
import os
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ajo.embedded import Server, StartFailed, start_postgres, start_redis
from ajo.embedded.children import Address, table
from ajo.embedded.curl import curl_line
from ajo.embedded.environment import REPOSITORY, data_dir_of, own_settings, publish, withdraw
from ajo.embedded.locks import hold
from ajo.embedded.names import names_of_this_machine
from ajo.embedded.output import say
from ajo.embedded.process import free_port, is_free
from ajo.embedded.supervisor import Stopped, StopRequest, Supervisor

DEFAULT_HOST, DEFAULT_PORT, DEFAULT_SMTP_PORT = "127.0.0.1", 8000, 2525
LONGEST_START = 180
MANAGE = [sys.executable, "manage.py"]


@dataclass(frozen=True)
class Addresses:
    """Where the product listens."""

    web: Address
    collector: Address
    smtp: Address


class Command(BaseCommand):
    help = "Run the whole product on this machine, until Ctrl-C."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def handle(self, *args: object, **options: object) -> None:
        """Start, say `Ready:`, watch; stop all of it however this ends.

        Servers first, then what prepares the database, then the children. Only what was started here is
        stopped.
        """
        os.chdir(REPOSITORY)
        data_dir = data_dir_of(dict(os.environ))
        stop_request = StopRequest()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            release = hold(data_dir / "up.lock", what="The product")
            addresses = choose_addresses(dict(os.environ))
        except (StartFailed, OSError) as failed:
            raise CommandError(str(failed))

        supervisor = Supervisor(data_dir, stop_request, dict(os.environ))
        try:
            start(supervisor, addresses)
            supervisor.watch()
        except Stopped:
            say(f"\nStopping ({stop_request.reason}) …")
        except (StartFailed, OSError) as failed:
            raise CommandError(str(failed))
        finally:
            supervisor.stop()
            withdraw(data_dir)
            release()
        say("Stopped. The data stays in " + str(data_dir))


def start(supervisor: Supervisor, addresses: Addresses) -> None:
    """All steps up to the lines that say how to use it."""
    started_at = time.monotonic()
    if left := supervisor.end_leftovers():
        say(f"{'cleaning':<12}ended {len(left)} processes that a killed run left behind")
    supervisor.environment |= environment_of_children(supervisor.data_dir, addresses)
    start_servers(supervisor)
    publish(supervisor.data_dir, published_part(supervisor.environment))

    password = os.environ.get("AJO_FIRST_PASSWORD") or secrets.token_urlsafe(12)
    demo = prepare(supervisor, password)
    environment = supervisor.environment
    supervisor.start(
        table(
            web=addresses.web,
            collector=addresses.collector,
            smtp=addresses.smtp,
            environment=environment,
            logs=str(supervisor.data_dir / "logs"),
        )
    )
    supervisor.wait_until_ready(LONGEST_START)

    say(f"{'started':<12}in {time.monotonic() - started_at:.0f} s; logs in {supervisor.data_dir / 'logs'}")
    say(ready_line(environment["PUBLIC_URL"], demo, password))
    if demo.get("event"):
        say(curl_line(f"{addresses.collector.url}/collection/{demo['inlet']}", demo["event"]))


def choose_addresses(environ: dict[str, str]) -> Addresses:
    """A port that was asked for is used or refused; without a wish the next free one will do."""
    host = environ.get("HOST") or DEFAULT_HOST
    taken: set[int] = set()

    def choose(variable: str, usual: int, on: str) -> Address:
        wish = environ.get(variable, "")
        if wish and not (wish.isdecimal() and 0 < int(wish) < 65536):
            raise StartFailed(f"{variable}={wish} is not a port number.")
        if wish and (int(wish) in taken or not is_free(on, int(wish))):
            raise StartFailed(
                f"Port {wish} on {on} is taken: stop what uses it, or choose another {variable}."
            )
        port = int(wish) if wish else free_port(on, wish=usual, taken=taken)
        if port != usual and not wish:
            say(f"{'port':<12}{usual} is taken, so {variable} is {port}")
        taken.add(port)
        return Address(on, port)

    web = choose("PORT", DEFAULT_PORT, host)
    collector = choose("COLLECTOR_PORT", web.port + 1, host)
    return Addresses(web, collector, choose("EMBEDDED_SMTP_PORT", DEFAULT_SMTP_PORT, DEFAULT_HOST))


def environment_of_children(data_dir: Path, addresses: Addresses) -> dict[str, str]:
    """What is configured stays; the rest gets what fits a run on one machine."""
    is_public = addresses.web.host not in ("127.0.0.1", "::1", "localhost")
    usual = {
        "PUBLIC_URL": addresses.web.url,
        "ALLOWED_HOSTS": ",".join(names_of_this_machine(with_addresses=is_public)),
    }
    chosen = {name: os.environ.get(name) or value for name, value in usual.items()}
    smtp = {
        "EMBEDDED_SMTP_HOST": addresses.smtp.host,
        "EMBEDDED_SMTP_PORT": str(addresses.smtp.port),
        "COLLECTOR_URL": addresses.collector.url,
    }
    return own_settings(data_dir) | chosen | smtp | {"PYTHONUNBUFFERED": "1"}


def published_part(environment: dict[str, str]) -> dict[str, str]:
    """What a command in another terminal needs to be part of this run."""
    names = [
        *(
            "DATABASE_URL",
            "REDIS_URL",
            "DATA_DIR",
            "EMBEDDED",
            "SECRET_KEY_FILE",
            "PUBLIC_URL",
            "ALLOWED_HOSTS",
        ),
        *("COLLECTOR_URL", "EMBEDDED_SMTP_HOST", "EMBEDDED_SMTP_PORT"),
    ]
    return {name: environment[name] for name in names if name in environment}


def start_servers(supervisor: Supervisor) -> None:
    """PostgreSQL and Redis, unless their addresses are configured."""
    logs = supervisor.data_dir / "logs"
    logs.mkdir(exist_ok=True)
    for variable, label, begin in [
        ("DATABASE_URL", "postgres", start_postgres),
        ("REDIS_URL", "redis", start_redis),
    ]:
        supervisor.stop_request.check()
        if supervisor.environment.get(variable):
            say(f"{label:<12}as configured in {variable}")
            continue

        def start_again(begin=begin, label=label) -> Server:
            return begin(supervisor.data_dir, log=logs / f"{label}.log")

        server = supervisor.add_server(start_again)
        supervisor.environment[variable] = server.url
        say(f"{label:<12}started" + (f" ({server.note})" if server.note else ""))


def prepare(supervisor: Supervisor, password: str) -> dict:
    """Migrations and demo data; what the demo says of itself. Static files are served from where they lie."""
    supervisor.run("migrate", [*MANAGE, "migrate", "--noinput"])
    say(f"{'database':<12}migrated")
    log = supervisor.run("load_demo", [*MANAGE, "load_demo"], env={"AJO_FIRST_PASSWORD": password})
    demo = last_record(log.read_text())
    say(f"{'demo data':<12}" + ("created" if demo["created"] else "there already"))
    return demo


def last_record(text: str) -> dict:
    """What the command says at its end, whatever was logged around it."""
    for line in reversed(text.splitlines()):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "created" in record:
            return record
    raise StartFailed(f"load_demo did not say what it made:\n{text}")


def ready_line(url: str, demo: dict, password: str) -> str:
    if demo["created"]:
        given = bool(os.environ.get("AJO_FIRST_PASSWORD"))
        secret = (
            "password as given in AJO_FIRST_PASSWORD" if given else f"password {password} (shown only now)"
        )
    else:
        secret = f'forgot the password? make manage ARGS="changepassword {demo["user"]}"'
    return f"Ready: {url} – user {demo['user']}, {secret}"
