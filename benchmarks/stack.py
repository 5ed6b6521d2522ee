"""The product's processes for benchmarks and kill tests: collector, web, workers, beat, and a mail sink."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.report import peak_rss_mb

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Stack:
    """Processes by name, each startable, killable and startable again."""

    smtp_port: int = field(default_factory=free_port)
    collector_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    logs: Path = Path("/tmp")
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "EMBEDDED_SMTP_PORT": str(self.smtp_port),
            "EMBEDDED": "1",
            "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "ajo.settings",
        }

    def commands(self) -> dict[str, tuple[list[str], dict[str, str]]]:
        python = sys.executable
        worker = [python, "-m", "celery", "-A", "ajo", "worker", "--loglevel", "WARNING", "--without-gossip",
                  "--without-mingle", "--without-heartbeat"]  # fmt: skip
        return {
            "collector": (
                [python, "-m", "granian", "--interface", "wsgi", "ajo.wsgi:application", "--host", "127.0.0.1",
                 "--port", str(self.collector_port), "--workers", "2", "--runtime-mode", "st",
                 "--blocking-threads", "16", "--no-log"],
                {"AJO_ROLE": "collector"},
            ),
            "web": (
                [python, "-m", "uvicorn", "ajo.asgi:application", "--host", "127.0.0.1", "--port", str(self.web_port),
                 "--log-level", "warning"],
                {},
            ),
            "worker.realtime": (
                [*worker, "-n", "realtime@bench", "-Q", "ingest,journeys,delivery.transactional", "-c", "3"], {}
            ),
            "worker.background": (
                [*worker, "-n", "background@bench", "-Q", "audiences,delivery.marketing,jobs", "-c", "2"], {}
            ),
            "beat": ([python, "-m", "celery", "-A", "ajo", "beat", "--loglevel", "WARNING", "--pidfile=", "-s",
                      str(self.logs / f"beat-{os.getpid()}")], {}),
        }  # fmt: skip

    def start(self, *names: str) -> None:
        commands = self.commands()
        for name in names:
            argv, extra = commands[name]
            log = open(self.logs / f"{name}.log", "ab")
            self.processes[name] = subprocess.Popen(
                argv, cwd=ROOT, env=self.environment() | extra, stdout=log, stderr=log, start_new_session=True
            )

    def wait_ready(self, timeout: float = 60) -> None:
        """Until HTTP answers and workers have taken a heartbeat."""
        ends_at = time.monotonic() + timeout
        for name, port in (("collector", self.collector_port), ("web", self.web_port)):
            while name in self.processes and not answers(f"http://127.0.0.1:{port}/healthz"):
                if time.monotonic() > ends_at:
                    raise TimeoutError(f"{name} does not answer")
                time.sleep(0.1)
        if any(name.startswith("worker") for name in self.processes):
            port = self.collector_port if "collector" in self.processes else self.web_port
            while "collector" in self.processes and not answers(f"http://127.0.0.1:{port}/readyz"):
                if time.monotonic() > ends_at:
                    raise TimeoutError("workers do not answer")
                time.sleep(0.2)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """The process and its children."""
        process = self.processes.get(name)
        if process is None:
            return
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        process.wait(timeout=20)

    def revive(self) -> list[str]:
        """Start again what ended by itself, as the supervisor of the product does; the names."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        self.start(*ended)
        return ended

    def note_memory(self) -> None:
        """Keep the peak memory of each process group's largest member."""
        for name, process in self.processes.items():
            members = subprocess.run(
                ["pgrep", "-g", str(process.pid)], capture_output=True, text=True
            ).stdout.split()
            self.peak[name] = max([self.peak.get(name, 0.0), *(peak_rss_mb(int(pid)) for pid in members)])

    def memory(self) -> str:
        self.note_memory()
        return ", ".join(f"{name} {peak:.0f} MB" for name, peak in sorted(self.peak.items()))

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name, signal.SIGTERM if name != "beat" else signal.SIGKILL)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False
