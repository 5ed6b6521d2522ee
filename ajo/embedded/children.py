"""The processes of the product on one machine."""

import os
import signal
import socket
import sys
from dataclasses import dataclass, field

from ajo.embedded.probes import Probe, http_answers, runs, smtp_answers, worker_answers

ALL_INTERFACES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104

# What a person waits for has processes of its own, which no import or campaign can occupy.
REALTIME_QUEUES = "ingest,journeys,delivery.transactional"
BACKGROUND_QUEUES = "audiences,delivery.marketing,jobs"


@dataclass(frozen=True)
class Child:
    """One line of the table: what to run, how to see that it works, how long it may take to end."""

    name: str
    argv: list[str]
    ready: Probe
    env: dict[str, str] = field(default_factory=dict)
    patience: float = 10
    # When the supervisor itself is killed.
    death_signal: int = signal.SIGTERM
    ends_last: bool = False


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host to use from this machine."""
        host = ALL_INTERFACES.get(self.host, self.host)
        return f"[{host}]" if ":" in host else host

    @property
    def url(self) -> str:
        return f"http://{self.reachable_host}:{self.port}"


def table(
    *, web: Address, collector: Address, smtp: Address, environment: dict[str, str], logs: str
) -> list[Child]:
    """In the order they start; they end the other way round."""
    cores = os.cpu_count() or 2
    host = socket.gethostname()
    python = [sys.executable]
    celery = [*python, "-m", "celery", "-A", "ajo"]
    worker = [*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return [
        Child(
            name="mail",
            argv=[*python, "manage.py", "smtp_inbox", "--host", smtp.host, "--port", str(smtp.port)],
            ready=smtp_answers(smtp.host, smtp.port),
            ends_last=True,  # the workers send their last messages through it
        ),
        Child(
            name="web",
            argv=[*python, "-m", "uvicorn", "ajo.asgi:application"]
            + ["--host", web.host, "--port", str(web.port)]
            + ["--timeout-graceful-shutdown", "3", "--no-access-log"],
            ready=http_answers(f"{web.url}/healthz"),
        ),
        Child(
            name="collector",
            argv=[*python, "-m", "granian", "--interface", "wsgi", "ajo.wsgi:application"]
            + ["--host", collector.host, "--port", str(collector.port)]
            + [
                "--workers",
                str(min(cores, 4)),
                "--runtime-mode",
                "st",
                "--blocking-threads",
                "16",  # as many requests share one commit
                "--workers-kill-timeout",
                "5",
            ],
            env={"AJO_ROLE": "collector"},
            ready=http_answers(f"{collector.url}/healthz"),
        ),
        Child(
            name="realtime",
            argv=[
                *worker,
                "-n",
                f"realtime@{host}",
                "-Q",
                REALTIME_QUEUES,
                "-c",
                str(min(max(3, cores), 16)),
            ],
            ready=worker_answers(f"realtime@{host}", environment),
            patience=30,
            death_signal=signal.SIGKILL,  # a gentle end would wait for a Redis that is gone as well
        ),
        Child(
            name="background",
            argv=[
                *worker,
                "-n",
                f"background@{host}",
                "-Q",
                BACKGROUND_QUEUES,
                "-c",
                str(min(max(2, cores), 8)),
            ],
            ready=worker_answers(f"background@{host}", environment),
            patience=30,
            death_signal=signal.SIGKILL,  # a gentle end would wait for a Redis that is gone as well
        ),
        Child(
            name="beat",
            argv=[*celery, "beat", "--loglevel", "INFO", "--pidfile=", "-s", f"{logs}/beat-schedule"],
            ready=runs,
            death_signal=signal.SIGKILL,
        ),
    ]
