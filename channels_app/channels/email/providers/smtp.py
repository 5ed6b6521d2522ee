"""SMTP: any mail server, over connections that are kept open."""

import contextlib
import smtplib
import ssl

from django import forms

from ajo.core.errors import SendError
from ajo.core.http import allowed_addresses
from channels_app.channels.base import HardBounce, Provider, providers

TIMEOUT = 10.0  # seconds for each step of the conversation
BAD_MAILBOX = {550, 551, 553, 554}


@providers.register
class Smtp(Provider):
    channel = "email"
    kind = "smtp"
    label = "SMTP server"
    secret_fields = ("password",)

    class Settings(forms.Form):
        host = forms.CharField(max_length=253, initial="localhost", help_text="The mail server's name.")
        port = forms.IntegerField(min_value=1, max_value=65535, initial=587)
        security = forms.ChoiceField(
            choices=[("starttls", "STARTTLS"), ("tls", "TLS from the start"), ("none", "None")],
            initial="starttls",
        )
        username = forms.CharField(max_length=255, required=False)
        password = forms.CharField(
            max_length=255,
            required=False,
            widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
            help_text="Kept encrypted; leave empty to keep the stored one.",
        )
        pool_size = forms.IntegerField(
            min_value=1, max_value=50, initial=20, help_text="Connections a worker keeps open at most."
        )

    @classmethod
    def connect(cls, settings: dict, secrets: dict) -> "SmtpConnection":
        return SmtpConnection(settings, secrets)


class SmtpConnection:
    """One conversation with the server, opened on the first message and again after it was lost."""

    def __init__(self, settings: dict, secrets: dict) -> None:
        self.settings, self.secrets = settings, secrets
        self.smtp: smtplib.SMTP | None = None

    def open(self) -> smtplib.SMTP:
        host, port = self.settings["host"], int(self.settings["port"])
        address = allowed_addresses(host, port)[0]
        security = self.settings.get("security", "starttls")
        context = ssl.create_default_context()
        try:
            if security == "tls":
                smtp = smtplib.SMTP_SSL(timeout=TIMEOUT, context=context)
            else:
                smtp = smtplib.SMTP(timeout=TIMEOUT)
            smtp._host = (
                host  # the name that the certificate must carry, while we connect to the address we checked
            )
            smtp.connect(address, port)
            smtp.ehlo()
            if security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if self.settings.get("username"):
                smtp.login(self.settings["username"], self.secrets.get("password", ""))
        except smtplib.SMTPAuthenticationError as error:
            raise SendError(
                f"The mail server refuses the login: {error.smtp_code}", retry=True, code="auth"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise SendError(
                f"The mail server cannot be reached: {error}", retry=True, code="connect"
            ) from error
        return smtp

    def send(self, sender: str, recipient: str, mime: bytes) -> str:
        """Hand over one mail. A connection that the server closed meanwhile is opened once more.

        Only before the content went out is that safe; afterwards the message is tried again later.
        """
        for fresh in (False, True):
            reused = self.smtp is not None
            if self.smtp is None:
                self.smtp = self.open()
            try:
                return self._hand_over(self.smtp, sender, recipient, mime)
            except _Stale as error:
                self.close()
                if not reused or fresh:
                    raise SendError(
                        f"The mail server closed the connection: {error}", retry=True, code="lost"
                    ) from error
            except SendError:
                raise
            except (OSError, smtplib.SMTPException) as error:
                self.close()
                raise SendError(
                    f"The connection to the mail server was lost: {error}", retry=True, code="lost"
                ) from error
        raise SendError("The mail server closed the connection.", retry=True, code="lost")

    def _hand_over(self, smtp: smtplib.SMTP, sender: str, recipient: str, mime: bytes) -> str:
        try:
            code, answer = smtp.mail(sender)
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise _Stale(str(error)) from error
        if code == 421:
            raise _Stale("421")
        if code != 250:
            self._reset(smtp)
            raise SendError(
                f"The sender was refused: {code} {text(answer)}", retry=code < 500, code=str(code)
            )
        code, answer = smtp.rcpt(recipient)
        if code not in (250, 251):
            self._reset(smtp)
            if code >= 500:
                raise HardBounce(f"{code} {text(answer)}", code=str(code))
            raise SendError(f"{code} {text(answer)}", retry=True, code=str(code))
        code, answer = smtp.data(mime)
        if code == 250:
            return f"{code} {text(answer)}"
        self._reset(smtp)
        if code in BAD_MAILBOX and text(answer).startswith(("5.1.", "5.2.1")):
            raise HardBounce(f"{code} {text(answer)}", code=str(code))
        raise SendError(f"The content was refused: {code} {text(answer)}", retry=code < 500, code=str(code))

    def _reset(self, smtp: smtplib.SMTP) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.rset()

    def close(self) -> None:
        if self.smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self.smtp.close()
            self.smtp = None


class _Stale(Exception):
    """The connection was gone before this message began."""


def text(answer: bytes | str) -> str:
    return (answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer))[:500]
