"""Papers by e-mail and SFTP: real sockets, retries, refusals, and a log of every attempt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exports.statements.client import CLIENT
from exports.statements.delivery import deliver, standing_papers
from exports.statements.paper_run import run_papers
from exports.statements.shown import shown_paper
from tests.exports.changes import change, publish
from tests.exports.smtp_server import SmtpServer
from tests.services.servers import ServerMissingError
from tests.services.sshd import SftpServer, sftp_server
from warehouse.control.papers import deliveries, papers
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.statement_settings import MailSettings, SftpDropSettings, StatementSettings

MONTH = "2026-10"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sent(tiny: Settings) -> Settings:
    """The tiny broker with statements made and addresses of its clients."""
    snapshot = change(
        tiny,
        "UPDATE lake.pii.crm_clients SET email = lower(client_id) || '@example.org' "
        "WHERE client_id <> 'C4'",
    )
    publish(tiny, "2026-10-30", 2, snapshot, "2026-11-05 08:00:00")
    run_papers(tiny, CLIENT, MONTH, ("pdf", "csv"))
    return tiny


def _by_mail(settings: Settings, port: int) -> Settings:
    mail = MailSettings(host="127.0.0.1", port=port, security="none", sender="desk@northwind.test")
    return _with(settings, StatementSettings(mail=mail, attempts=3, pause_seconds=0))


def _with(settings: Settings, statements: StatementSettings) -> Settings:
    return settings.model_copy(update={"statements": statements})


def test_mails_arrive_once_and_the_run_goes_on_past_who_has_no_address(
    sent: Settings, smtp: SmtpServer
) -> None:
    settings = _by_mail(sent, smtp.port)
    result = deliver(settings, standing_papers(settings, "client", MONTH), "mail")
    assert (result.due, result.delivered, result.exit_code) == (4, 3, 3)
    assert "has no e-mail address" in result.left_out[0].error.what
    assert smtp.sessions == 1
    first = smtp.messages[0]
    assert (first["To"], first["Subject"]) == (
        "c1@example.org",
        "Account statement 1 October 2026 to 31 October 2026",
    )
    (attachment,) = first.iter_attachments()
    number = papers(sent)[0].paper_number
    assert attachment.get_filename() == f"{number}.pdf"
    held = next(file for file in shown_paper(sent, number).files if file.format == "pdf")
    assert attachment.get_content() == (sent.archive_path / held.path).read_bytes()
    body = first.get_body()
    assert body is not None
    assert number in body.get_content()
    again = deliver(settings, standing_papers(settings, "client", MONTH), "mail")
    assert (again.already, again.delivered) == (3, 0)
    assert len(smtp.messages) == 3


def test_a_passing_failure_is_tried_again_and_a_refusal_is_not(
    sent: Settings, smtp: SmtpServer
) -> None:
    settings = _by_mail(sent, smtp.port)
    smtp.answers = {
        "c1@example.org": ["451 come later", "451 come later"],
        "c2@example.org": ["550 no such user"],
    }
    result = deliver(settings, standing_papers(settings, "client", MONTH), "mail")
    assert result.delivered == 2
    log = [(row.attempt, row.outcome, row.detail) for row in deliveries(settings)]
    assert log[:3] == [
        (1, "failed", "The mail server asks to come again: 451 come later."),
        (2, "failed", "The mail server asks to come again: 451 come later."),
        (3, "delivered", "250 taken over"),
    ]
    assert log[3] == (1, "refused", "The mail server refuses it: 550 no such user.")
    assert "example.org" not in str(deliveries(settings))


def test_a_server_that_refuses_is_named_and_everything_is_listed(
    sent: Settings, smtp: SmtpServer
) -> None:
    port = smtp.port
    smtp.stop()
    settings = _by_mail(sent, port)
    result = deliver(settings, standing_papers(settings, "client", MONTH), "mail")
    assert (result.delivered, len(result.left_out), result.exit_code) == (0, 4, 3)
    assert "refused" in result.left_out[0].error.what
    assert f"127.0.0.1:{port}" in result.left_out[0].error.where
    assert len(deliveries(settings)) == 3, "a server that is not there is tried for one paper"


def test_the_correction_alone_is_sent(sent: Settings, smtp: SmtpServer) -> None:
    snapshot = change(
        sent, "UPDATE lake.pii.crm_clients SET name = 'Ann Carter' WHERE client_id = 'C1'"
    )
    publish(sent, "2026-10-30", 3, snapshot, "2026-11-06 08:00:00")
    run_papers(sent, CLIENT, MONTH, ("pdf",))
    standing = standing_papers(sent, "client", MONTH)
    assert len(standing) == 4
    assert [row.replaces for row in standing if row.subject_key == "demo/C1"] == [
        papers(sent)[0].paper_number
    ]


def test_a_channel_nobody_configured_is_named(sent: Settings) -> None:
    with pytest.raises(UsageError, match=r"cannot leave by mail"):
        deliver(sent, standing_papers(sent, "client", MONTH), "mail")


@pytest.fixture
def drop(tmp_path: Path) -> Iterator[SftpServer]:
    try:
        server = sftp_server(tmp_path / "sshd")
    except ServerMissingError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.mark.services
def test_files_lie_whole_on_the_sftp_server(sent: Settings, drop: SftpServer) -> None:
    settings = _with(
        sent,
        StatementSettings(
            sftp=SftpDropSettings(url=drop.url(), key_file=drop.client_key, host_key=drop.host_key),
            attempts=1,
            pause_seconds=0,
        ),
    )
    result = deliver(settings, standing_papers(settings, "client", MONTH), "sftp", "csv")
    assert (result.delivered, result.left_out) == (4, [])
    assert sorted(path.name for path in drop.files.iterdir()) == [
        f"demo-C-2026-{number:06d}.csv" for number in range(1, 5)
    ]
    drop.stop()
    again = deliver(settings, standing_papers(settings, "client", MONTH), "sftp", "pdf")
    assert (again.delivered, len(again.left_out)) == (0, 4)
    assert "sftp://" in again.left_out[0].error.where
