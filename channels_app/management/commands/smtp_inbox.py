"""The mail inbox of the embedded run: a real SMTP listener that keeps what it gets. Never on a deployment."""

import logging
import queue
import signal
import threading
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from channels_app.models import InboxMail

log = logging.getLogger(__name__)

KEPT = 50_000  # mails; the oldest go


class Keeper:
    """Keeps each mail in the database before the server says 250. One thread writes for all conversations."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._run, name="inbox-keeper", daemon=True).start()

    async def handle_DATA(self, server, session, envelope: Envelope) -> str:  # noqa: N802  (the library's name)
        done = server.loop.create_future()
        self._waiting.put((envelope, server.loop, done))
        return await done

    def _run(self) -> None:
        stored = 0
        while True:
            group = [self._waiting.get()]
            while not self._waiting.empty() and len(group) < 500:
                group.append(self._waiting.get())
            answer = "250 2.0.0 Kept"
            try:
                InboxMail.objects.bulk_create(mail_of(envelope) for envelope, _, _ in group)
                stored += len(group)
                if stored >= 1_000:
                    stored = 0
                    forget_old()
            except Error:
                log.exception("mails not kept")
                connection.close()
                answer = "451 4.3.0 Not kept, try again"
            for _, loop, done in group:
                loop.call_soon_threadsafe(done.set_result, answer)


def mail_of(envelope: Envelope) -> InboxMail:
    source = envelope.original_content or envelope.content or b""
    parsed = message_from_bytes(source.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n", policy=policy.default)
    return InboxMail(
        mail_from=envelope.mail_from or "",
        rcpt_to=list(envelope.rcpt_tos),
        subject=str(parsed.get("subject", ""))[:998].replace("\x00", ""),
        source=source,
    )


def forget_old() -> None:
    newest = InboxMail.objects.order_by("-id").values_list("id", flat=True)[KEPT : KEPT + 1].first()
    if newest:
        InboxMail.objects.filter(id__lte=newest).delete()


class Command(BaseCommand):
    help = "Listen for mail and show it at /inbox/. For the embedded run only."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=1025)

    def handle(self, *args, **options) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "The mail inbox belongs to the embedded run (EMBEDDED=1), never to a deployment."
            )
        controller = Controller(
            Keeper(),
            hostname=options["host"],
            port=options["port"],
            data_size_limit=20_000_000,
            decode_data=False,
            enable_SMTPUTF8=True,
        )
        controller.start()
        self.stdout.write(f"mail inbox listens on {options['host']}:{options['port']}")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()
        controller.stop()
