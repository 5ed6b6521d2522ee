"""The supervisor, with small children in place of the product's."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from ajo.embedded.children import Child
from ajo.embedded.probes import runs
from ajo.embedded.process import StartFailed
from ajo.embedded.supervisor import MARK, Stopped, Supervisor

SLEEP = "import time; time.sleep(60)"


class Asked:
    """A stop request that a test makes by itself."""

    def __init__(self):
        self.asked = 0

    @property
    def is_urgent(self):
        return self.asked > 1

    def check(self):
        if self.asked:
            raise Stopped


@pytest.fixture
def supervisor(tmp_path):
    supervisor = Supervisor(tmp_path, Asked(), dict(os.environ))
    yield supervisor
    supervisor.stop_request.asked = 2
    supervisor.stop()


def child(name, code, **options):
    return Child(name=name, argv=[sys.executable, "-u", "-c", code], ready=runs, **options)


def children_of(supervisor):
    return [running.process for running in supervisor._running]


def test_a_child_that_ends_is_started_again(supervisor, tmp_path, capsys):
    counter = tmp_path / "count"
    code = f"open({str(counter)!r}, 'a').write('x'); import time; time.sleep(0.3)"
    supervisor.start([child("short", code)])
    supervisor.wait_until_ready(10)

    give_up_at = time.monotonic() + 15
    while not (counter.exists() and len(counter.read_text()) >= 2):
        assert time.monotonic() < give_up_at
        supervisor.look_after()
        time.sleep(0.05)

    assert "short | ended with code 0; starting it again in 1 s" in capsys.readouterr().out


def test_a_child_that_never_comes_up_fails_the_start_with_the_end_of_its_log(supervisor):
    broken = Child(
        name="broken", argv=[sys.executable, "-c", "raise SystemExit('no such thing')"], ready=runs_not
    )
    supervisor.start([broken])

    with pytest.raises(StartFailed, match="broken does not come up(.|\n)*no such thing"):
        supervisor.wait_until_ready(30)


def runs_not():
    return False


def test_the_last_to_start_ends_first_and_the_mail_inbox_after_all_others(supervisor, tmp_path):
    order = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_): open({order!r}, 'a').write({name!r} + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('set', flush=True); time.sleep(60)"
    )
    names = ["mail", "web"]
    supervisor.start(
        [child(name, code.format(order=str(order), name=name), ends_last=name == "mail") for name in names]
    )
    for name in names:
        while "set" not in (tmp_path / "logs" / f"{name}.log").read_text():
            time.sleep(0.05)

    supervisor.stop()

    assert order.read_text().split() == ["web", "mail"]
    assert all(process.poll() is not None for process in children_of(supervisor))


def test_a_child_that_will_not_end_is_killed_with_all_it_started(supervisor, tmp_path):
    grandchild = tmp_path / "grandchild"
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"other = subprocess.Popen([sys.executable, '-c', {SLEEP!r}])\n"
        f"open({str(grandchild)!r}, 'w').write(str(other.pid)); time.sleep(60)"
    )
    supervisor.start([child("stubborn", code, patience=0.5)])
    while not (grandchild.exists() and grandchild.read_text()):
        time.sleep(0.05)

    supervisor.stop()

    assert [process.returncode for process in children_of(supervisor)] == [-9]
    pid = int(grandchild.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_a_killed_run_left_is_ended_and_nothing_else(supervisor, tmp_path):
    def start(mark):
        return subprocess.Popen([sys.executable, "-c", SLEEP], env=os.environ | {MARK: mark})

    ours, others = start(str(tmp_path)), start("/another/data/directory")
    try:
        ended = supervisor.end_leftovers()

        assert ended == [ours.pid]
        assert ours.wait(5) is not None
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()
        ours.kill()
        ours.wait()


def test_a_command_that_fails_tells_what_it_said(supervisor):
    with pytest.raises(StartFailed, match="prepare failed(.|\n)*no such thing"):
        supervisor.run("prepare", [sys.executable, "-c", "raise SystemExit('no such thing')"])
