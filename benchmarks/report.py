"""Results of benchmarks: the table on the terminal and the file beside it."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results.json"


@dataclass
class Result:
    """One figure. `reference`: the same by a plain loop in the same run; `ratio`: value / reference."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


def result(
    name: str,
    value: float,
    unit: str,
    *,
    reference: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    ratio_at_least: float | None = None,
    note: str = "",
) -> Result:
    """A result with its target judged."""
    ratio = round(value / reference, 3) if reference else None
    wants, met = [], []
    if at_least is not None:
        wants.append(f">= {at_least:g}")
        met.append(value >= at_least)
    if at_most is not None:
        wants.append(f"<= {at_most:g}")
        met.append(value <= at_most)
    if ratio_at_least is not None:
        wants.append(f"ratio >= {ratio_at_least:g}")
        met.append(ratio is not None and ratio >= ratio_at_least)
    return Result(
        name,
        round(value, 2),
        unit,
        round(reference, 2) if reference else None,
        ratio,
        " and ".join(wants),
        all(met) if met else None,
        note,
    )


def show(results: list[Result]) -> None:
    """Print the table."""
    print(
        f"\n{'name':<34}{'value':>12} {'unit':<10}{'reference':>11}{'ratio':>8}  {'target':<26}{'met':<5}note"
    )
    for r in results:
        reference = "" if r.reference is None else f"{r.reference:,.1f}"
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        met = {True: "yes", False: "NO", None: ""}[r.met]
        print(
            f"{r.name:<34}{r.value:>12,.1f} {r.unit:<10}{reference:>11}{ratio:>8}  {r.target:<26}{met:<5}{r.note}"
        )
    print(f"{machine()}\n", flush=True)


def machine() -> str:
    load = os.getloadavg()[0]
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, load {load:.1f}"


def save(results: list[Result]) -> None:
    """Write results.json: newer figures replace those of the same name."""
    known = {r["name"]: r for r in json.loads(RESULTS.read_text())} if RESULTS.exists() else {}
    known |= {r.name: asdict(r) for r in results}
    RESULTS.write_text(json.dumps(sorted(known.values(), key=lambda r: r["name"]), indent=1) + "\n")


def peak_rss_mb(pid: int) -> float:
    """The most memory a process has held, in MB."""
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) / 1024
    except OSError:
        return 0.0
    return 0.0
