"""Processes and servers killed hard under load. The long version is `python -m benchmarks.kill`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.xdist_group("product")  # beside the other tests that run the whole product: one at a time
def test_nothing_is_lost_or_stuck_when_everything_is_killed_in_turn(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "DJANGO_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill", "22", "20", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )

    found = re.search(r"Outcome\((.*)\)", done.stdout)
    assert found, done.stdout[-3000:] + done.stderr[-3000:]
    figures = dict(re.findall(r"(\w+)=(\d+)", found[1]))
    assert int(figures["accepted"]) > 300
    assert figures["events"] == figures["accepted"]
    assert (figures["never"], figures["more"], figures["stuck"], figures["failed"]) == ("0", "0", "0", "0")
    assert int(figures["twice"]) <= 2 * len(re.findall(r"kill worker", done.stdout))
