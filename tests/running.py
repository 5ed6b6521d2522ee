"""Starts the product as its user does, with `manage.py up`, and reads what it says."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from ajo.embedded.process import free_port
from ajo.embedded.supervisor import MARK

REPOSITORY = Path(__file__).resolve().parents[1]
LONGEST_START = 240
NOT_INHERITED = (
    "DATABASE_URL",
    "REDIS_URL",
    "DATA_DIR",
    "EMBEDDED",
    "PYTEST_XDIST_WORKER",
    "AJO_FIRST_PASSWORD",
)


@contextmanager
def data_directory() -> Iterator[Path]:
    """An empty directory that the database's own user can reach; pytest's `tmp_path` is closed to others."""
    with TemporaryDirectory(prefix="ajo-tests-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o755)
        yield Path(path).resolve() / "data"


@contextmanager
def starter(data_dir: Path, output_dir: Path) -> Iterator[Callable]:
    """Gives `start(command=None, **environment)` -> (process, path of its output); kills what is left at the end."""
    started = []

    def start(command: list[str] | None = None, **extra: str) -> tuple[subprocess.Popen, Path]:
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        environment = inherited | {
            "DJANGO_SETTINGS_MODULE": "ajo.settings",
            "DATA_DIR": str(data_dir),
            "PORT": str(free_port("127.0.0.1")),
            "COLLECTOR_PORT": str(free_port("127.0.0.1")),
            "EMBEDDED_SMTP_PORT": str(free_port("127.0.0.1")),
            **extra,
        }
        output = output_dir / f"up-{len(started)}.txt"
        with output.open("w") as written:
            process = subprocess.Popen(
                command or [sys.executable, "manage.py", "up"],
                cwd=REPOSITORY,
                env=environment,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process, output

    try:
        yield start
    finally:
        for process in started:
            if process.poll() is None:
                process.kill()
                process.wait()
        for left in left_of(data_dir):
            left.kill()


def wait_for_line(process: subprocess.Popen, output: Path, beginning: str) -> str:
    give_up_at = time.monotonic() + LONGEST_START
    while time.monotonic() < give_up_at:
        found = [line for line in output.read_text().splitlines() if line.startswith(beginning)]
        if found:
            return found[0]
        assert process.poll() is None, output.read_text()
        time.sleep(0.2)
    raise AssertionError(output.read_text())


def left_of(data_dir: Path) -> list[psutil.Process]:
    """Processes of this run that are still alive."""
    found = []
    for process in psutil.process_iter():
        try:
            is_child = process.environ().get(MARK) == str(data_dir)
            if is_child or process.cwd().startswith(str(data_dir)):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def send(curl: str) -> str:
    """Run the line in a shell, as somebody who copied it; the status it was answered with."""
    done = subprocess.run(
        ["bash", "-c", f"{curl} -o /dev/null -w '%{{http_code}}'"], capture_output=True, text=True
    )
    return done.stdout


@dataclass(frozen=True)
class Running:
    """The product as it told its user at the start."""

    url: str
    user: str
    password: str
    curl: str

    @property
    def inlet_url(self) -> str:
        return re.search(r"POST (\S+)", self.curl).group(1)

    @property
    def batch_url(self) -> str:
        return self.inlet_url.replace("/collection/", "/collection/batch/")


@contextmanager
def running(data_dir: Path, output_dir: Path) -> Iterator[Running]:
    """The product, ready to be used; stopped at the end."""
    with starter(data_dir, output_dir) as start:
        process, output = start()
        curl = wait_for_line(process, output, "curl ")
        ready = wait_for_line(process, output, "Ready: ")
        url, user, password = re.search(
            r"Ready: (\S+) – user (\S+), password (\S+) \(shown only now\)", ready
        ).groups()
        yield Running(url, user, password, curl)
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            pass  # what is left is killed
