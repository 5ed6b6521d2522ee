"""A mail server for tests: real SMTP on a free port, with answers chosen by the recipient's name."""

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller


@dataclass
class Mailbox:
    """What the server took, and how it answers: {recipient: "550 5.1.1 …"}; a list of answers is used up."""

    port: int = 0
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, str | list[str]] = field(default_factory=dict)
    content_answers: dict[str, str] = field(default_factory=dict)
    sessions: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        answer = self.answers.get(address)
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else None
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        if answer := self.content_answers.get(recipient):
            return answer
        with self.lock:
            self.mails.append((recipient, envelope.original_content or envelope.content))
        return "250 2.0.0 OK"

    def recipients(self) -> list[str]:
        return sorted(recipient for recipient, _ in self.mails)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mail_server():
    mailbox = Mailbox(port=free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    mailbox.sessions = 0  # the controller itself looks in once
    try:
        yield mailbox
    finally:
        controller.stop()
