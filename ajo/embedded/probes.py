"""Whether a child does its work, asked from outside."""

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from socket import create_connection

from ajo.embedded.process import spawn

Probe = Callable[[], bool]


def http_answers(url: str) -> Probe:
    def probe() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.status == 200
        except (OSError, ValueError):
            return False

    return probe


def smtp_answers(host: str, port: int) -> Probe:
    def probe() -> bool:
        try:
            with create_connection((host, port), timeout=5) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    return probe


def worker_answers(node: str, environment: dict[str, str]) -> Probe:
    """Over the broker, as its work comes."""
    command = [sys.executable, "-m", "celery", "-A", "ajo", "inspect", "ping", "-d", node, "-t", "2"]

    def probe() -> bool:
        asked = spawn(command, env=environment, output=subprocess.DEVNULL, death_signal=signal.SIGKILL)
        try:
            return asked.wait(60) == 0
        finally:
            asked.kill()

    return probe


def runs() -> bool:
    """Nothing to ask: that it has not ended is all that can be seen."""
    return True
