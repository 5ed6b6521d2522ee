"""The sender: what goes out, what is skipped, what is tried again, what is given up."""

import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db import connection

from ajo.core import clock, sql
from channels_app.content import contents
from channels_app.delivery import connections, journal, outbox, sender
from channels_app.models import Message, MessageEvent, Suppression
from tests import factories as make
from tests.smtp import mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_connections(settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    sender._configurations.clear()
    connections._pools.clear()
    sender.content_of.cache_clear()


@pytest.fixture
def mailbox():
    with mail_server() as server:
        yield server


@pytest.fixture
def sandbox():
    return make.sandbox()


def queue(
    sandbox,
    mailbox,
    *people,
    html="<p>Hi {{ profile.name }}</p>",
    subject="Hello",
    message_type="marketing",
    **settings,
):
    configuration = make.configuration(sandbox, port=mailbox.port, message_type=message_type, **settings)
    content = contents.freeze(
        configuration, {"subject": subject, "html": html, "text": "", "preheader": ""}, label=""
    )
    outbox.enqueue(
        outbox.Draft(
            sandbox.pk, person.pk, content.pk, message_type, None, number, "mail", 1, '{"event": {}}'
        )
        for number, person in enumerate(people)
    )
    return content


def states():
    return list(Message.objects.order_by("id").values_list("state", "reason"))


def run(now=None):
    return sender.run_once("marketing", now or clock.now() + timedelta(seconds=1))


def test_messages_go_out_once_over_kept_open_connections(sandbox, mailbox):
    people = [make.person(sandbox, f"p{n}@example.com", name=f"N{n}") for n in range(30)]
    queue(sandbox, mailbox, *people, pool_size=3)

    assert run() == 30
    assert run() == 0

    assert mailbox.recipients() == sorted(f"p{n}@example.com" for n in range(30))
    assert mailbox.sessions == 3
    assert {s for s, _ in states()} == {"sent"}
    assert MessageEvent.objects.filter(kind="sent").count() == 30
    source = dict(mailbox.mails)["p7@example.com"]
    mail = message_from_bytes(source, policy=policy.default)
    assert "N7" in mail.get_body(("html",)).get_content()
    assert "N7" in mail.get_body(("plain",)).get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_transactional_mail_has_its_own_queue_and_no_unsubscribe(sandbox, mailbox):
    refused = make.person(sandbox, "n@example.com", consents={"marketing": {"email": {"val": "n"}}})
    queue(sandbox, mailbox, refused, message_type="transactional")

    assert run() == 0
    assert sender.run_once("transactional", clock.now()) == 1

    assert mailbox.recipients() == ["n@example.com"]
    assert b"List-Unsubscribe" not in mailbox.mails[0][1]


@pytest.mark.parametrize(
    ("email", "attributes", "reason"),
    [
        ("a@example.com", {"personalEmail": {"address": "not an address"}}, "050024"),
        ("a@example.com", {"personalEmail": {"address": "a@example.com\r\nBcc: b@example.com"}}, "050024"),
        ("a@example.com", {"consents": {"marketing": {"email": {"val": "n"}}}}, "050101"),
        ("a@example.com", {"consents": {"marketing": {"any": {"val": "n"}}}}, "050101"),
    ],
)
def test_who_may_not_be_mailed_is_skipped_with_a_code(sandbox, mailbox, email, attributes, reason):
    queue(sandbox, mailbox, make.person(sandbox, email, **attributes))

    run()

    assert states() == [("skipped", reason)]
    assert mailbox.mails == []
    assert MessageEvent.objects.get().kind == "skipped"


def test_without_a_field_the_email_identity_is_the_address(sandbox, mailbox):
    queue(sandbox, mailbox, make.person(sandbox, "known@example.com", personalEmail={}))

    run()

    assert mailbox.recipients() == ["known@example.com"]


def test_nobody_to_reach_is_skipped(sandbox, mailbox):
    from profiles.models import Profile

    queue(sandbox, mailbox, Profile.objects.create(sandbox=sandbox))

    run()

    assert states() == [("skipped", "050020")]


def test_suppressed_addresses_are_skipped_whatever_their_case(sandbox, mailbox):
    Suppression.objects.create(sandbox=sandbox, address="a@example.com", reason="manual")
    Suppression.objects.create(sandbox=make.sandbox(), address="b@example.com", reason="manual")
    people = [make.person(sandbox, "x1", personalEmail={"address": a}) for a in ("A@Example.com",)]
    people.append(make.person(sandbox, "x2", personalEmail={"address": "b@example.com"}))
    queue(sandbox, mailbox, *people)

    run()

    assert states() == [("skipped", "050107"), ("sent", None)]


def test_a_hard_bounce_is_recorded_and_suppresses_the_address(sandbox, mailbox):
    mailbox.answers["gone@example.com"] = "550 5.1.1 No such mailbox"
    queue(sandbox, mailbox, make.person(sandbox, "gone@example.com"), make.person(sandbox, "b@example.com"))

    run()

    assert sorted(s for s, _ in states()) == ["bounced", "sent"]
    assert "No such mailbox" in Message.objects.get(state="bounced").reason
    assert Suppression.objects.get(sandbox=sandbox).address == "gone@example.com"


def test_a_temporary_refusal_is_tried_again_later_and_later(sandbox, mailbox):
    mailbox.answers["slow@example.com"] = ["451 4.3.0 Try later", "451 4.3.0 Try later"]
    queue(sandbox, mailbox, make.person(sandbox, "slow@example.com"))
    start = clock.now() + timedelta(seconds=1)

    run(start)
    first = Message.objects.get()
    assert (first.state, first.attempts) == ("queued", 1)
    assert timedelta(seconds=55) < first.due_at - start < timedelta(seconds=65)
    assert run(start + timedelta(seconds=30)) == 0
    run(start + timedelta(minutes=2))
    second = Message.objects.get()
    assert second.due_at - clock.now() > timedelta(minutes=4)
    run(start + timedelta(minutes=10))

    assert Message.objects.get().state == "sent"
    assert mailbox.recipients() == ["slow@example.com"]
    assert list(MessageEvent.objects.order_by("id").values_list("kind", flat=True)) == [
        "delayed",
        "delayed",
        "sent",
    ]


def test_a_refused_content_fails_without_suppressing_anybody(sandbox, mailbox):
    mailbox.content_answers["a@example.com"] = "554 5.7.1 Looks like spam"
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))

    run()

    assert Message.objects.get().state == "failed"
    assert Suppression.objects.count() == 0


def test_a_server_that_is_away_costs_no_message(sandbox, mailbox):
    mailbox.port, real = 1, mailbox.port
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))

    run()

    message = Message.objects.get()
    assert message.state == "queued"
    assert "cannot be reached" in message.reason
    assert real != 1


def test_a_template_error_parks_the_message_with_its_place(sandbox, mailbox):
    loops = "".join(f"{{% for {name} in profile.items %}}" for name in "abc")
    html = f"<p>\n{loops}x{'{% endfor %}' * 3}</p>"
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com", items=list(range(500))), html=html)

    run()

    state, reason = states()[0]
    assert state == "failed"
    assert "contentFailed: line 2, column" in reason
    assert mailbox.mails == []


def test_private_addresses_are_refused_unless_the_operator_allows_them(sandbox, mailbox, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))

    run()

    state, reason = states()[0]
    assert state == "failed"
    assert "private address" in reason


def test_a_claim_that_ran_out_is_taken_again(sandbox, mailbox):
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))
    sql.run(
        "UPDATE channels_app_message SET state = 'sending', claimed_by = 'gone:1:1', due_at = now() + interval '1 min'"
    )

    assert run() == 0
    assert run(clock.now() + timedelta(minutes=2)) == 1

    assert mailbox.recipients() == ["a@example.com"]


def test_claims_of_dead_processes_of_this_host_come_back_at_once(sandbox, mailbox):
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))
    owner = f"{socket.gethostname()}:4194399:1"
    sql.run(
        "UPDATE channels_app_message SET state = 'sending', claimed_by = %s, due_at = now() + interval '1 min'",
        [owner],
    )

    assert sender.release_dead() == 1
    assert run() == 1


def test_what_a_killed_sender_had_handed_over_is_not_sent_again(sandbox, mailbox, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    queue(sandbox, mailbox, *(make.person(sandbox, f"p{n}@example.com") for n in range(3)))
    owner = f"{socket.gethostname()}:4194398:1"
    sql.run(
        "UPDATE channels_app_message SET state = 'sending', claimed_by = %s, due_at = now() + interval '1 min'",
        [owner],
    )
    taken = Message.objects.order_by("id").first()
    journal.note(owner, taken.pk)

    assert sender.release_dead() == 2
    assert run() == 2

    assert mailbox.recipients() == ["p1@example.com", "p2@example.com"]
    assert {s for s, _ in states()} == {"sent"}
    assert MessageEvent.objects.filter(kind="sent").count() == 3
    assert not journal.path_of(owner).exists()


def test_the_journal_is_empty_once_a_batch_is_on_disk(sandbox, mailbox, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    journal._open.clear()
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))

    run()

    assert journal.path_of(sender.owner_name()).read_bytes() == b""
    journal._open.clear()


def test_without_a_place_for_the_journal_mails_go_out_all_the_same(sandbox, mailbox, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.DATA_DIR = tmp_path / "file"
    journal._open.clear()
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))

    run()

    assert mailbox.recipients() == ["a@example.com"]
    journal._open.clear()


def test_who_lost_the_lease_changes_nothing(sandbox, mailbox):
    queue(sandbox, mailbox, make.person(sandbox, "a@example.com"))
    claimed = [
        sender.Claimed(*row)
        for row in sql.rows(
            sender.CLAIM,
            {
                "owner": "late",
                "now": clock.now(),
                "lease_until": clock.now(),
                "limit": 5,
                "message_type": "marketing",
            },
        )
    ]
    run()

    sender.settle([sender.Result(claimed[0], "failed", "failed", "late")], "late")

    assert states() == [("sent", None)]
    assert MessageEvent.objects.count() == 1


def test_the_claim_uses_its_index():
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        params = {
            "owner": "x",
            "now": clock.now(),
            "lease_until": clock.now(),
            "limit": 5,
            "message_type": "marketing",
        }
        plan = "\n".join(row[0] for row in sql.rows("EXPLAIN " + sender.CLAIM, params))
        cursor.execute("RESET enable_seqscan")

    assert "message_type_due_at" in plan or "message_due" in plan
