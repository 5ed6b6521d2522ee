"""The whole way, all processes running: event over HTTP -> journey -> mail accepted by the sink.

burst: one event each for known people, first event to last mail. latency: a steady rate, event accepted to mail
accepted, per person. timers: a wait of some seconds in the journey, how late the mail leaves beyond it.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import setup
from benchmarks.accept import load
from benchmarks.client import Connection, percentile, request
from benchmarks.delivery import start_sink
from benchmarks.report import result, save, show
from benchmarks.stack import Stack

RATE = 100  # events a second
WAIT = 5  # seconds in the journey of the timers


def arrivals(log: Path) -> dict[str, float]:
    """Recipient -> when the sink took the mail."""
    return {line.split()[1]: float(line.split()[0]) for line in log.read_text().splitlines()}


def wait_for(log: Path, count: int, timeout: float = 300) -> dict[str, float]:
    ends_at = time.monotonic() + timeout
    while time.monotonic() < ends_at:
        if log.exists() and len(log.read_bytes().splitlines()) >= count:
            return arrivals(log)
        time.sleep(0.1)
    raise TimeoutError(f"{len(arrivals(log))} of {count} mails came")


def steady(port: int, path: str, schema: str, *, count: int, first: int, event_type: str) -> dict[str, float]:
    """One event after the other at a fixed rate; recipient -> when it was accepted."""
    connection, accepted = Connection(port), {}
    connection.socket.setblocking(True)
    began, run = time.perf_counter(), time.time_ns()
    for number in range(count):
        time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        email = f"p{first + number}@example.com"
        entity = {
            "_id": f"{run}-{number}",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "eventType": event_type,
            "identityMap": {"Email": [{"id": email}]},
        }
        body = json.dumps({"header": {"schemaRef": {"id": schema}}, "body": {"xdmEntity": entity}}).encode()
        connection.begin(request(path, body))
        while (status := connection.read()) is None:
            pass
        assert status == 200, status
        accepted[email] = time.time()
    return accepted


def main(people: int, seconds: int) -> None:
    smtp = Stack().smtp_port
    logs = Path(tempfile.mkdtemp(prefix="bench-"))
    log = logs / "sink.log"
    setup.database()
    from profiles.models import Inlet, Schema
    from tests import factories as make

    sandbox, version = setup.journey(smtp)
    setup.people(sandbox, people + 4 * RATE * seconds)
    mails = version.graph["nodes"]["mail"]
    later = make.event_definition(sandbox, "Later")
    make.live(
        sandbox,
        make.chain(
            start=make.node("unitary_event", definition=later.pk),
            wait=make.node("wait", method="duration", amount=WAIT, unit="seconds"),
            mail=mails,
            end=make.node("end"),
        ),
    )
    inlet = Inlet.objects.get(sandbox=sandbox).key
    schema = Schema.objects.get(sandbox=sandbox, record_class="event").uri
    stack = Stack(smtp_port=smtp, logs=logs)
    sink = start_sink(smtp, log)
    results = []
    try:
        stack.start("collector", "web", "worker.realtime", "worker.background", "beat")
        stack.wait_ready()
        found = load(
            stack,
            inlet,
            schema,
            count=people,
            per_request=1,
            connections=16,
            people=people,
            event_type="signup",
        )
        came = wait_for(log, people)
        took = max(came.values()) - found["began"]
        lines = log.read_text().splitlines()
        assert len(lines) == people == len(came), (len(lines), len(came))
        results.append(
            result(
                "burst",
                people / took,
                "mails/s",
                at_least=500,
                note=f"{people:,} people, each one mail; {stack.memory()}",
            )
        )
        show(results)

        count = RATE * seconds
        path = f"/collection/{inlet}"
        accepted = steady(
            stack.collector_port, path, schema, count=count, first=people + 1, event_type="signup"
        )
        came = wait_for(log, people + count)
        delays = [(came[email] - at) * 1000 for email, at in accepted.items()]
        results.append(
            result(
                "latency.p50",
                percentile(delays, 0.5),
                "ms",
                at_most=100,
                note=f"{RATE} events/s for {seconds} s",
            )
        )
        results.append(result("latency.p99", percentile(delays, 0.99), "ms", at_most=500))
        show(results)

        accepted = steady(
            stack.collector_port, path, schema, count=count, first=people + count + 1, event_type="later"
        )
        came = wait_for(log, people + 2 * count)
        late = [came[email] - at - WAIT for email, at in accepted.items()]
        results.append(
            result(
                "timers.late.p99", percentile(late, 0.99), "s", at_most=2, note=f"after a wait of {WAIT} s"
            )
        )
        results.append(result("timers.early", sum(1 for value in late if value < 0), "mails", at_most=0))
    finally:
        stack.stop()
        sink.terminate()
    show(results)
    save(results)


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    main(*(arguments + [5_000, 20][len(arguments) :]))
