"""Real input: samples of the public XDM repository, accepted or refused with a sensible reason."""

import os
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.errors import InvalidMessage
from profiles.expressions import ExprError, from_json, from_pql_json, parse, print_text, to_json
from profiles.ingest.accept import entry_of
from profiles.ingest.xdm import EXPERIENCE, to_xed
from profiles.models import ExperienceEvent, InboxRow, ParkedRecord, Profile
from tests import factories as make

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("SHARED_SAMPLES", ROOT.parent / "shared" / "samples")) / "xdm"
FILES = {path.name.removesuffix(".json"): path for path in sorted(SAMPLES.glob("*.json"))}
needs_samples = pytest.mark.skipif(not FILES, reason=f"no XDM samples in {SAMPLES} (see SHARED_SAMPLES)")

NOW = datetime(2026, 7, 1, tzinfo=UTC)  # later than the youngest sample
EMAIL = "ina@example.com"
IDENTITY = {"Email": [{"id": EMAIL, "primary": True}]}
STEP_EVENTS = f"{EXPERIENCE}journeyOrchestration/stepEvents"

# What is about an event or a profile. The other samples are parts of data types and of decisioning objects.
EVENTS = (
    "classes__experienceevent.",
    "fieldgroups__experience-event__",
    "experience__customerJourneyManagement__",
    "experience__journeyOrchestration__stepEvents__",
    "experience__decisioning__experienceevent-",
)
PROFILES = ("classes__profile.", "fieldgroups__profile__", "fieldgroups__shared__identitymap.")

# Only these are refused: sample -> words of the reason.
REFUSED = {
    "classes__experienceevent.example.3": "no identity namespace 'https://data.adobe.io/entities/namespace/4'",
    "classes__experienceevent.example.5": "no identity namespace 'https://data.adobe.io/entities/namespace/4'",
    "classes__profile.example.1": "An ECID has exactly 38 digits",
    "fieldgroups__shared__identitymap.example.2": "no identity namespace 'CRM'",
}


def names(prefixes: tuple[str, ...]) -> list[str]:
    return [name for name in FILES if name.startswith(prefixes)]


def converted(name: str) -> dict:
    """The sample with runtime names. Step events and the identity map are put where they belong."""
    document = orjson.loads(FILES[name].read_bytes())
    if name.startswith("experience__journeyOrchestration__stepEvents__"):
        document = {STEP_EVENTS: document}
    if name.startswith("fieldgroups__shared__identitymap."):
        document = {"xdm:identityMap": document}
    return to_xed(document)


def completed(name: str) -> dict:
    """The entity of a message: what a fragment leaves out is added, what a sample says stays. Whole samples
    (classes) say all there is to say."""
    entity = converted(name)
    if name.startswith("classes__"):
        return entity
    added = {"identityMap": IDENTITY}
    if name.startswith(EVENTS):
        added |= {"_id": f"sample-{name}", "timestamp": "2024-05-06T07:08:09Z"}
    return added | entity


def values(document: object) -> list[str]:
    """All values of a document, without their names."""
    if isinstance(document, dict):
        return sorted(value for item in document.values() for value in values(item))
    if isinstance(document, list):
        return sorted(value for item in document for value in values(item))
    return [orjson.dumps(document).decode()]


@needs_samples
@pytest.mark.parametrize("name", FILES)
def test_conversion_loses_no_value_and_leaves_runtime_names_alone(name):
    document = orjson.loads(FILES[name].read_bytes())

    entity = to_xed(document)

    assert values(entity) == values(document)
    assert to_xed(entity) == entity


@needs_samples
@pytest.mark.django_db
@pytest.mark.parametrize("name", [n for n in names(EVENTS) if n not in REFUSED])
def test_an_event_sample_is_stored_as_it_came(name):
    sandbox = make.sandbox()
    entity = completed(name)

    make.ingest(sandbox, make.envelope(make.schema(sandbox, "event"), entity), now=NOW)

    event = ExperienceEvent.objects.get(sandbox_id=sandbox.pk)
    assert (event.event_id, event.data) == (entity["_id"], entity)
    assert event.event_type == entity.get("eventType", "")
    assert event.profile_id == make.profile_of(sandbox, EMAIL).pk
    assert not ParkedRecord.objects.exists()


@needs_samples
@pytest.mark.django_db
@pytest.mark.parametrize("name", [n for n in names(PROFILES) if n not in REFUSED])
def test_a_profile_sample_becomes_a_profile(name):
    sandbox = make.sandbox()
    entity = completed(name)

    make.ingest(sandbox, make.envelope(make.schema(sandbox, "profile"), entity), now=NOW)

    entity.pop("identityMap")
    assert make.profile_of(sandbox, EMAIL).attributes == entity
    assert not ParkedRecord.objects.exists()


@needs_samples
@pytest.mark.django_db
@pytest.mark.parametrize("name", [n for n in REFUSED if n in FILES])
def test_a_sample_that_cannot_be_taken_is_refused_with_its_reason(name):
    sandbox = make.sandbox()
    record_class = "event" if name.startswith(EVENTS) else "profile"
    message = make.envelope(make.schema(sandbox, record_class), completed(name))

    with pytest.raises(InvalidMessage) as refusal:
        entry_of(message, None, make.inlet(sandbox), NOW)

    assert REFUSED[name] in refusal.value.message
    assert refusal.value.details["pointer"].startswith("/body/xdmEntity/identityMap/")
    assert not InboxRow.objects.exists()
    assert not Profile.objects.exists()


@needs_samples
@pytest.mark.django_db
@pytest.mark.parametrize("name", [n for n in REFUSED if n in FILES and n.startswith("classes__")])
def test_a_whole_sample_is_taken_once_its_identities_are_mended(name):
    sandbox = make.sandbox()
    record_class = "event" if name.startswith(EVENTS) else "profile"
    entity = completed(name) | {"identityMap": IDENTITY}

    make.ingest(sandbox, make.envelope(make.schema(sandbox, record_class), entity), now=NOW)

    if record_class == "event":
        assert ExperienceEvent.objects.get(sandbox_id=sandbox.pk).data == entity
    else:
        entity.pop("identityMap")
        entity.pop("segmentMembership", None)
        assert make.profile_of(sandbox, EMAIL).attributes == entity


@needs_samples
@pytest.mark.parametrize("name", names(("experience__offer-management__filter-expression__",)))
def test_an_expression_tree_is_imported_and_reads_back_from_its_text(name):
    tree = from_pql_json(orjson.loads(FILES[name].read_bytes()))

    assert to_json(parse(print_text(tree))) == to_json(tree)
    assert to_json(from_json(to_json(tree))) == to_json(tree)


@pytest.mark.parametrize("tree", [{}, {"nodeType": "unheardOf"}, [], "a text", None])
def test_what_is_no_tree_is_refused_as_one(tree):
    with pytest.raises(ExprError, match="This is not a pql/json tree"):
        from_pql_json(tree)


@pytest.mark.parametrize(
    ("document", "entity"),
    [
        ({"xdm:name": 1}, {"name": 1}),
        ({"@id": "a", "@type": "b", "@context": "c"}, {"_id": "a", "@type": "b", "@context": "c"}),
        ({"schema:latitude": 1, "schema:longitude": 2}, {"_schema": {"latitude": 1, "longitude": 2}}),
        ({f"{EXPERIENCE}a/b": 1, f"{EXPERIENCE}a/c": [2]}, {"_experience": {"a": {"b": 1, "c": [2]}}}),
        ({f"{EXPERIENCE}a": {f"{EXPERIENCE}a/b": 1}}, {"_experience": {"a": {"b": 1}}}),
        ({"_experience": {"a": [{f"{EXPERIENCE}a/b": 1}]}}, {"_experience": {"a": [{"b": 1}]}}),
        ({"https://elsewhere.example/4": [{"xdm:id": "x"}]}, {"https://elsewhere.example/4": [{"id": "x"}]}),
        ({"plain": None, "2020-01-01T00:00:00Z": 1}, {"plain": None, "2020-01-01T00:00:00Z": 1}),
    ],
)
def test_the_rule(document, entity):
    assert to_xed(document) == entity


@pytest.mark.parametrize(
    "document",
    [
        {"xdm:name": 1, "name": 2},
        {"schema:a": 1, "_schema": 2},
        {"_schema": 2, "schema:a": 1},
        {f"{EXPERIENCE}a/b": 1, "_experience": {"a": {"b": 2}}},
    ],
)
def test_two_keys_that_would_become_one_are_refused(document):
    with pytest.raises(ValueError, match="Two keys become"):
        to_xed(document)


plain_names = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_names, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(plain_names, documents, max_size=4))
def test_bare_names_stay_as_they_are(document):
    assert to_xed(document) == document
