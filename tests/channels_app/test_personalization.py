"""Templates: what they fill, and the limits they cannot pass."""

import time

import pytest

from channels_app.content import contents, links
from channels_app.content.personalization import Template, TemplateProblem
from channels_app.content.render import render_email

DATA = {
    "profile": {
        "person": {"name": {"firstName": "Ina <b>"}},
        "items": list(range(500)),
        "keys": "mine",
        "n": 3,
    },
    "event": {"Signup": {"plan": "pro"}},
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ profile.person.name.firstName }}", "Hi Ina &lt;b&gt;"),
        ("{{ event.Signup.plan | upper }}", "PRO"),
        ("{{ profile.nothing.at.all }}|", "|"),
        ("{{ profile.nothing | default('you') }}", "you"),
        ("{% if profile.n > 2 %}many{% else %}few{% endif %}", "many"),
        ("{% for i in [1, 2] %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}", "1, 2"),
        ("{{ profile.keys }}", "mine"),
        ("{% set a = 'x' %}{{ a ~ 1 }}", "x1"),
        ("{{ ['a', 'b'] | join('-') }}", "a-b"),
        ("{{ 'aXb' | replace('X', '.') }}", "a.b"),
        ("{{ 2 * 3 }}", "6"),
    ],
)
def test_what_templates_can_say(source, text):
    assert Template(source, html=True).render(DATA) == text


def test_plain_texts_are_not_escaped():
    assert Template("{{ profile.person.name.firstName }}", html=False).render(DATA) == "Ina <b>"


LOOP = "{% for a in profile.items %}" * 6 + "x" + "{% endfor %}" * 6
DOUBLING = "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}"
HOSTILE = [
    LOOP,
    DOUBLING,
    "{% set a = 'x' %}" + "{% set a = a + a %}" * 60,
    "{{ 'x' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'x'.ljust(1000000000) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ 'x'.__class__.__mro__ }}",
    "{{ profile.__class__ }}{{ profile['__class__'].x() }}",
    "{{ ''.join(['a']) }}",
    "{{ range(10) }}",
    "{{ lipsum() }}",
    "{{ [profile.items] | map(attribute='x') }}",
    "{{ 'a' | replace('', 'b' * 100000) }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ self }}{{ self._TemplateReference__context }}",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_templates_stop_quickly_and_leak_nothing(source):
    began = time.monotonic()

    try:
        result = Template(source, html=True).render(DATA)
    except TemplateProblem:
        result = ""

    assert time.monotonic() - began < 3
    assert len(result) <= 1_000_000
    assert "class" not in result and "Context" not in result


@pytest.mark.parametrize(
    "source",
    [
        "{% macro a() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% for a in b recursive %}{% endfor %}",
    ],
)
def test_code_is_not_for_templates(source):
    with pytest.raises(TemplateProblem, match="cannot be used"):
        Template(f"first line\n{source}", html=True)


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("a\n  {% if x %}", 2, 3),
        ("{{ a", 1, 1),
        ("{{ a | nofilter }}", 1, 1),
        ("\n\nx {{ 1 * 'a' }}", 3, 3),
    ],
)
def test_errors_name_their_place(source, line, column):
    with pytest.raises(TemplateProblem) as caught:
        Template(source, html=True).render({})

    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_mail_gets_tracked_links_a_pixel_and_a_preheader():
    html = (
        '<body><a href="https://example.com/a?x=1&amp;y=2">A</a> '
        "<a href='https://example.com/{{ profile.n }}?a&amp;b'>B</a>"
        '<a href="mailto:x@example.com">C</a><a href="{{ unsubscribe_url }}">U</a><a href="#top">T</a></body>'
    )
    numbered, found = links.number_links(html)
    assert [link.url for link in found] == [
        "https://example.com/a?x=1&amp;y=2",
        "https://example.com/{{ profile.n }}?a&amp;b",
    ]

    parts = {
        "subject": "S {{ profile.n }}\r\nBcc: x",
        "preheader": "Look <here>",
        "html": numbered,
        "text": "t",
    }
    mail = render_email(parts, DATA, 77)

    assert mail.subject == "S 3 Bcc: x"
    assert mail.html.count("/t/c/") == 2
    assert "u=https%3A%2F%2Fexample.com%2F3%3Fa%26b" in mail.html
    assert 'href="mailto:x@example.com"' in mail.html and 'href="#top"' in mail.html
    assert "/t/o/" in mail.html and "Look &lt;here&gt;" in mail.html
    assert links.unsubscribe_url(77) in mail.html


def test_tokens_hold_only_what_was_signed():
    token = links.sign(links.CLICK, 5, 2, "https://example.com/")

    assert links.read(token, "https://example.com/") == (links.CLICK, 5, 2)
    assert links.read(token, "https://evil.example/") is None
    assert links.read(token) is None
    assert links.read("x" + token[1:], "https://example.com/") is None
    assert links.read("") is None
    assert links.read("ä" * 30) is None


def test_a_rotated_secret_still_reads_old_tokens(settings):
    token = links.sign(links.OPEN, 5)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"

    assert links.read(token).message_id == 5


def test_the_text_body_is_made_from_the_html_body():
    text = contents.text_of(
        '<style>p{}</style><h1>Hi {{ profile.n }}</h1><p>See <a href="https://x.example/">this</a>.</p>'
    )

    assert "Hi {{ profile.n }}" in text
    assert "this (https://x.example/)" in text
    assert "p{}" not in text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x.example", "example.com"]
)
def test_links_must_lead_to_the_web(url):
    assert contents.problems("email", {"subject": "x", "html": f'<a href="{url}">x</a>'})
