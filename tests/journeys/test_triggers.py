"""Which event definitions an event is asked about."""

import pytest

from journeys.engine.triggers import types_wanted
from profiles.expressions import compile_text


@pytest.mark.parametrize(
    ("rule", "types"),
    [
        ('event.eventType = "a"', {"a"}),
        ('"a" = event.eventType', {"a"}),
        ('event.total > 5 and event.eventType = "a"', {"a"}),
        ('event.eventType in ["a", "b"] and event.total > 5', {"a", "b"}),
        ('event.eventType = "a" or event.total > 5', set()),
        ('not (event.eventType = "a")', set()),
        ('event.eventType != "a"', set()),
        ("event.total > 5", set()),
        ('event.eventType = ""', set()),
        ('event.web.eventType = "a"', set()),
        ("event.eventType = event.other", set()),
    ],
)
def test_the_types_a_rule_cannot_do_without(rule, types):
    assert types_wanted(compile_text(rule, want="bool").ast) == types
