"""`manage.py up`, for real: from nothing to a running product, and back to nothing."""

import re
import signal
import sys
import time

import psutil
import pytest
from django.core.management import get_commands

from tests.running import left_of, send, starter, wait_for_line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("load_demo" not in get_commands(), reason="there is no load_demo yet"),
]


@pytest.fixture
def up(data_dir, tmp_path):
    """Starts the product on free ports; kills what a failed test leaves."""
    with starter(data_dir, tmp_path) as start:
        yield start


def test_from_nothing_to_a_running_product_and_back(up, data_dir):
    process, output = up()

    ready = wait_for_line(process, output, "Ready: ")
    curl = wait_for_line(process, output, "curl ")
    password = re.search(r"password (\S+) \(shown only now\)", ready).group(1)
    assert len(password) >= 12
    assert [send(curl), send(curl)] == ["200", "200"]
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0, output.read_text()
    assert left_of(data_dir) == []
    logs = "".join(path.read_text(errors="replace") for path in (data_dir / "logs").glob("*.log"))
    assert password not in logs

    again, output = up()
    ready = wait_for_line(again, output, "Ready: ")
    again.send_signal(signal.SIGTERM)

    assert "changepassword" in ready and "shown only now" not in ready
    assert again.wait(60) == 0, output.read_text()


def test_a_child_that_is_killed_comes_back(up):
    process, output = up()
    wait_for_line(process, output, "curl ")

    web = next(child for child in psutil.Process(process.pid).children() if "uvicorn" in child.cmdline())
    web.kill()
    wait_for_line(process, output, "       web | was ended by SIGKILL")
    give_up_at = time.monotonic() + 60
    while not any("uvicorn" in child.cmdline() for child in psutil.Process(process.pid).children()):
        assert time.monotonic() < give_up_at
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_nothing_outlives_a_killed_run(up, data_dir):
    process, output = up()
    wait_for_line(process, output, "curl ")

    process.kill()
    process.wait()

    give_up_at = time.monotonic() + 40
    while left := left_of(data_dir):
        assert time.monotonic() < give_up_at, left
        time.sleep(0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="what make waits for is read from /proc")
def test_an_interrupt_that_only_make_gets_stops_everything(up, data_dir, tmp_path):
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"run:\n\t@{sys.executable} manage.py up\n")
    process, output = up(["make", "--no-print-directory", "-f", str(makefile), "run"])
    wait_for_line(process, output, "curl ")

    process.send_signal(signal.SIGINT)

    process.wait(60)
    assert "Stopped." in output.read_text()
    assert left_of(data_dir) == []


def test_a_port_that_is_taken_is_explained_in_one_line(up):
    process, output = up(PORT="1x")

    assert process.wait(60) == 1
    assert output.read_text().strip() == "CommandError: PORT=1x is not a port number."
