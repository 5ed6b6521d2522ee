"""How many times a second a three-term condition is evaluated, beside a plain Python function in the same
run.

python -m benchmarks.expressions
"""

from datetime import UTC, datetime
from time import perf_counter
from timeit import Timer

from benchmarks.report import result, save, show
from profiles.expressions import compile_text, parse

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
    start = perf_counter()
    for number in range(200):
        parse(CONDITION + f" and profile.n = {number}")
    parsing = (perf_counter() - start) / 200 * 1000
    results = [
        result(
            "expressions.condition",
            per_second(condition.run),
            "evals/s",
            reference=per_second(reference),
            at_least=200_000,
            note="three terms; reference: the same by hand",
        ),
        result(
            "expressions.events", per_second(events.run), "evals/s", note="count over 14 events in a window"
        ),
        result("expressions.parse", parsing, "ms", note="a rule of four terms"),
    ]
    show(results)
    save(results)


if __name__ == "__main__":
    main()
