"""How many times a second a three-term condition is evaluated, beside a plain Python function in the same
run.

python benchmarks/expressions.py
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from timeit import Timer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from profiles.expressions import compile_text, parse  # noqa: E402

CONDITION = (
    'profile.loyalty.points >= 1000 and profile.person.name.firstName = "Ina" '
    'and profile.homeAddress.city in ["Paris", "Lyon"]'
)
EVENTS = 'xEvent[(timestamp occurs <= 30 days before now) and eventType = "commerce.purchases"].count() >= 3'
NOW = datetime(2026, 3, 15, 10, 30, tzinfo=UTC)
SNAPSHOT = {
    "profile": {
        "loyalty": {"points": 1250},
        "person": {"name": {"firstName": "Ina"}},
        "homeAddress": {"city": "Lyon"},
    },
    "xEvent": [
        {"timestamp": f"2026-03-{day:02d}T08:00:00Z", "eventType": "commerce.purchases" if day % 3 else "web"}
        for day in range(1, 15)
    ],
}


def reference(snapshot: dict, now: datetime) -> bool:
    """The same condition written by hand."""
    profile = snapshot.get("profile") or {}
    points = (profile.get("loyalty") or {}).get("points")
    return (
        isinstance(points, int)
        and points >= 1000
        and ((profile.get("person") or {}).get("name") or {}).get("firstName") == "Ina"
        and (profile.get("homeAddress") or {}).get("city") in ("Paris", "Lyon")
    )


def per_second(function) -> float:
    timer = Timer(lambda: function(SNAPSHOT, NOW))
    count, _ = timer.autorange()
    return count / min(timer.repeat(5, count))


def main() -> None:
    condition, events = compile_text(CONDITION), compile_text(EVENTS)
    assert (
        condition.run(SNAPSHOT, NOW) is True
        and events.run(SNAPSHOT, NOW) is True
        and reference(SNAPSHOT, NOW)
    )
    print(f"three-term condition   {per_second(condition.run):>12,.0f} evaluations/s")
    print(f"written by hand        {per_second(reference):>12,.0f} evaluations/s")
    print(f"count over 14 events   {per_second(events.run):>12,.0f} evaluations/s")
    start = perf_counter()
    for number in range(200):
        parse(CONDITION + f" and profile.n = {number}")
    print(f"parse of a rule        {(perf_counter() - start) / 200 * 1000:>12.2f} ms")


if __name__ == "__main__":
    main()
