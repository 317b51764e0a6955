"""Papers by e-mail, over SMTP."""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from exports.errors import DeliveryError, RefusedError
from exports.statements.parcel import Parcel
from exports.statements.periods import parse_period
from exports.statements.presentation import stored_presentation
from warehouse.errors import SettingsError
from warehouse.settings import Settings
from warehouse.statement_settings import MailSettings

_TYPES = {
    "pdf": ("application", "pdf"),
    "csv": ("text", "csv"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_PERMANENT = 500


class MailChannel:
    """One connection to the mail server, opened anew when it was lost."""

    def __init__(self, settings: Settings, mail: MailSettings) -> None:
        self._settings = settings
        self._mail = mail
        self._server: smtplib.SMTP | None = None

    @property
    def place(self) -> str:
        """The server, without any secret."""
        return f"mail server {self._mail.host}:{self._mail.port}"

    def __enter__(self) -> MailChannel:
        self._server = self._connected()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    def send(self, parcel: Parcel) -> str:
        """Hand the mail over.

        Raises:
            RefusedError: there is no address, or the server answers with a permanent refusal.
            DeliveryError: the connection broke, or the server asks to come again.
        """
        if not parcel.address:
            raise RefusedError(
                "The client has no e-mail address.",
                where=f"client of {parcel.record.paper_number}",
                todo="enter it in the CRM and load it, or deliver by another way",
            )
        message = self.message(parcel)
        try:
            if self._server is None:
                self._server = self._connected()
            self._server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise self._failure(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise self._failure(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            if self._server is not None:
                self._server.close()
            self._server = None
            raise self._unreachable(error) from error
        return "250 taken over"

    def message(self, parcel: Parcel) -> EmailMessage:
        """The mail, in the language of the paper."""
        record = parcel.record
        look = stored_presentation(self._settings, record.presentation_sha256)
        words, period = look.words, parse_period(record.period)
        said = {
            "title": words(f"title.{record.kind}"),
            "period": words.days(period.first, period.last),
        }
        message = EmailMessage()
        message["From"] = self._mail.sender
        message["To"] = parcel.address
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._mail.sender.rpartition("@")[2])
        message["Subject"] = words("mail.subject", **said)
        message.set_content(
            words(
                "mail.body",
                **said,
                name=parcel.name,
                number=record.paper_number,
                issuer=look.issuer,
            )
        )
        kind, subtype = _TYPES[parcel.format]
        message.add_attachment(
            parcel.content, maintype=kind, subtype=subtype, filename=parcel.file_name
        )
        return message

    def _connected(self) -> smtplib.SMTP:
        mail = self._mail
        try:
            if mail.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    mail.host,
                    mail.port,
                    timeout=mail.timeout_seconds,
                    context=ssl.create_default_context(),
                )
            else:
                server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_seconds)
            try:
                if mail.security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if mail.user is not None:
                    server.login(mail.user, self._password())
            except BaseException:
                server.close()
                raise
        except smtplib.SMTPAuthenticationError as error:
            raise RefusedError(
                f"The mail server does not let {mail.user} in: {_text(error.smtp_error)}.",
                where=self.place,
                todo="check statements.mail.user and the variable that holds the password",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._unreachable(error) from error
        return server

    def _password(self) -> str:
        name = self._mail.password_env or ""
        value = os.environ.get(name)
        if not value:
            raise SettingsError(
                f"The environment variable {name} is not set.",
                where="statements.mail.password_env",
                todo="export it with the password of the mail account",
            )
        return value

    def _failure(self, code: int, said: bytes | str) -> DeliveryError:
        if code >= _PERMANENT:
            return RefusedError(
                f"The mail server refuses it: {code} {_text(said)}.",
                where=self.place,
                todo="correct the client's address in the CRM, or ask the server's operator",
            )
        return DeliveryError(
            f"The mail server asks to come again: {code} {_text(said)}.",
            where=self.place,
            todo="run the delivery again later; what arrived is not sent twice",
        )

    def _unreachable(self, error: Exception) -> DeliveryError:
        return DeliveryError(
            f"The mail server cannot be used: {error or type(error).__name__}.",
            where=self.place,
            todo="check its name, port and security in [statements.mail], and that it runs; run "
            "the delivery again then: what arrived is not sent twice",
        )


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
