"""The kill test: under load, processes and servers are killed hard at random and started again.

At the end every accepted event is processed once, every person got their mail, nothing is stuck. A mail may come
twice only where the answer of the mail server was lost with the process that waited for it.
`python -m benchmarks.kill [seconds] [events a second]`; brings its own PostgreSQL and Redis.
"""

import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ajo.embedded import start_postgres, start_redis
from benchmarks.client import Connection, request
from benchmarks.report import result, save, show

PROCESSES = ("collector", "web", "worker.realtime", "worker.background", "redis", "postgres")
SETTLE_WITHIN = 240  # seconds: the longest lease, and some work

COUNTS = """
    SELECT (SELECT count(*) FROM profiles_inboxrow),
           (SELECT count(*) FROM channels_app_message WHERE state IN ('queued', 'sending')),
           (SELECT count(*) FROM journeys_journeyinstance WHERE state = 'waiting' AND due_at <= now())
"""


@dataclass
class Outcome:
    """What the test found."""

    accepted: int = 0
    kills: Counter = field(default_factory=Counter)
    events: int = 0
    mails: int = 0
    never: int = 0
    twice: int = 0
    more: int = 0
    revived: list[str] = field(default_factory=list)  # ended by themselves, when a server was gone
    stuck: int = 0
    failed: int = 0
    states: dict = field(default_factory=dict)


class Servers:
    """PostgreSQL and Redis that can be killed and started again at the same address."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.postgres = start_postgres(directory)
        self.redis = start_redis(directory)
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = self.postgres.url, self.redis.url

    def kill(self, name: str) -> None:
        os.kill(getattr(self, name).pid, 9)

    def restart(self, name: str) -> None:
        start = start_postgres if name == "postgres" else start_redis
        before = getattr(self, name)
        before.stop(patience=5)  # it is dead; this gives back the lock on its files
        ends_at = time.monotonic() + 60
        while True:
            try:
                setattr(self, name, start(self.directory))
                break
            except Exception:
                if time.monotonic() > ends_at:
                    raise
                time.sleep(0.5)
        assert getattr(self, name).url == before.url, "the address changed over a restart"

    def stop(self) -> None:
        self.redis.stop()
        self.postgres.stop()


class Load(threading.Thread):
    """Sends one event a person, each until it is accepted; the same `_id` at every try."""

    def __init__(self, port: int, path: str, schema: str, rate: float, stop_at: float) -> None:
        super().__init__(daemon=True)
        self.port, self.path, self.schema, self.rate, self.stop_at = port, path, schema, rate, stop_at
        self.accepted: list[str] = []

    def run(self) -> None:
        began, number, connection = time.monotonic(), 0, None
        while time.monotonic() < self.stop_at:
            time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            email = f"k{number}@example.com"
            entity = {
                "_id": f"kill-{number}",
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "eventType": "signup",
                "identityMap": {"Email": [{"id": email}]},
            }
            raw = request(
                self.path,
                json.dumps(
                    {"header": {"schemaRef": {"id": self.schema}}, "body": {"xdmEntity": entity}}
                ).encode(),
            )
            while True:
                try:
                    if connection is None:
                        connection = Connection(self.port)
                        connection.socket.setblocking(True)
                        connection.socket.settimeout(15)
                    connection.begin(raw)
                    while (status := connection.read()) is None:
                        pass
                    if status == 200:
                        break
                    time.sleep(0.2)
                except OSError:
                    connection = None
                    time.sleep(0.2)
            self.accepted.append(email)
            number += 1


def rampage(stack, servers: Servers, stop_at: float, kills: Counter, revived: list[str]) -> None:
    """Kill one thing after the other, each time a moment later start it again."""
    chosen = list(PROCESSES)
    while time.monotonic() < stop_at:
        time.sleep(random.uniform(2.0, 4.0))
        if not chosen:
            chosen = list(PROCESSES)
        name = chosen.pop(random.randrange(len(chosen)))
        kills[name] += 1
        print(f"   kill {name}", flush=True)
        if name in ("postgres", "redis"):
            servers.kill(name)
            time.sleep(random.uniform(0.2, 1.0))
            servers.restart(name)
        else:
            stack.kill(name)
            time.sleep(random.uniform(0.2, 1.0))
            stack.start(name)
        revived += stack.revive()


def settle(outcome: Outcome, stack) -> None:
    """Wait until nothing is left to do."""
    from django.db import Error, connection

    from ajo.core import sql

    ends_at = time.monotonic() + SETTLE_WITHIN
    while time.monotonic() < ends_at:
        try:
            left = sql.rows(COUNTS)[0]
            if not any(left):
                return
        except Error:
            connection.close()
            left = ()
        outcome.revived += stack.revive()
        time.sleep(0.5)
    outcome.states["left"] = left


def run(seconds: float, rate: float) -> Outcome:
    directory = Path(tempfile.mkdtemp(prefix="kill-"))
    directory.chmod(0o755)
    servers = Servers(directory / "data")
    from benchmarks import setup
    from benchmarks.delivery import start_sink
    from benchmarks.flow import arrivals
    from benchmarks.stack import Stack

    setup.database()
    from ajo.core import sql
    from journeys.engine import tallies
    from profiles.models import Inlet, Schema

    stack, outcome = Stack(logs=directory), Outcome()
    log = directory / "sink.log"
    sandbox, _ = setup.journey(stack.smtp_port)
    inlet = Inlet.objects.get(sandbox=sandbox).key
    schema = Schema.objects.get(sandbox=sandbox, record_class="event").uri
    sink = start_sink(stack.smtp_port, log)
    try:
        stack.start("collector", "web", "worker.realtime", "worker.background", "beat")
        stack.wait_ready(90)
        stop_at = time.monotonic() + seconds
        load = Load(stack.collector_port, f"/collection/{inlet}", schema, rate, stop_at)
        load.start()
        rampage(stack, servers, stop_at, outcome.kills, outcome.revived)
        load.join(timeout=60)
        settle(outcome, stack)
        time.sleep(1)
        got = Counter(line.split()[1] for line in log.read_text().splitlines())
        outcome.accepted = len(load.accepted)
        outcome.mails = sum(got.values())
        outcome.never = sum(1 for email in load.accepted if email not in got)
        outcome.twice = sum(1 for count in got.values() if count == 2)
        outcome.more = sum(1 for count in got.values() if count > 2)
        outcome.events = sql.rows(
            "SELECT count(*) FROM profiles_experienceevent WHERE event_type = 'signup'"
        )[0][0]
        outcome.stuck = tallies.stuck()
        outcome.failed = sql.rows("SELECT count(*) FROM journeys_journeyinstance WHERE state = 'failed'")[0][
            0
        ]
        outcome.states |= dict(
            sql.rows(
                "SELECT state || coalesce(': ' || left(reason, 60), ''), count(*) FROM channels_app_message GROUP BY 1"
            )
        )
        assert arrivals(log)
    finally:
        stack.stop()
        sink.terminate()
        servers.stop()
    return outcome


def main(seconds: float, rate: float) -> None:
    outcome = run(seconds, rate)
    print(outcome)
    kills = sum(outcome.kills.values())
    note = f"{kills} kills: {', '.join(f'{name} {count}' for name, count in sorted(outcome.kills.items()))}"
    results = [
        result(
            "kill.events.lost",
            outcome.accepted - outcome.events,
            "events",
            at_most=0,
            note=f"{outcome.accepted:,} accepted",
        ),
        result("kill.people.never.mailed", outcome.never, "people", at_most=0, note=note),
        result(
            "kill.people.mailed.twice", outcome.twice, "people", note="answers lost with the killed process"
        ),
        result("kill.people.mailed.more", outcome.more, "people", at_most=0),
        result("kill.stuck", outcome.stuck + outcome.failed, "instances", at_most=0),
    ]
    show(results)
    if "--quiet" not in sys.argv:  # a test's short run is no figure to keep
        save(results)


if __name__ == "__main__":
    arguments = [float(a) for a in sys.argv[1:] if a != "--quiet"]
    main(*(arguments + [120.0, 50.0][len(arguments) :]))
