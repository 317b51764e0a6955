"""Every challenge's and every strategy's paper of a simulated broker: run, resumed, delivered."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from exports.errors import UnclosedPeriodError
from exports.statements.challenge import make_challenge_statement
from exports.statements.copy_statement import COPY, make_copy_statement
from exports.statements.delivery import deliver, standing_papers
from exports.statements.kinds import Batch, PaperKind
from exports.statements.paper_run import run_papers
from exports.statements.registered_kinds import CHALLENGE
from exports.statements.reproducing import reproduce
from orchestration.cli.app import app
from tests.exports.changes import change
from tests.exports.smtp_server import SmtpServer
from warehouse.connection import connect
from warehouse.control.papers import papers
from warehouse.control.registers import statements
from warehouse.errors import UsageError
from warehouse.settings import PROJECT_ROOT, Settings
from warehouse.statement_settings import MailSettings, StatementSettings

pytestmark = [pytest.mark.dbt, pytest.mark.slow]

MONTH, FEE_MONTH = "2026-10", "2026-09"
KILLED_AFTER_TWO = """
import os, signal, sys
from exports.statements import paper_run
from exports.statements.registered_kinds import CHALLENGE
from warehouse.settings import load_settings
paper_run.ENTERED_TOGETHER = 2
def told(done, due):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)
paper_run.run_papers(load_settings(sys.argv[1]), CHALLENGE, sys.argv[2], ("csv",), told=told)
"""


def _rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect("read", settings=settings) as con:
        return con.execute(query).fetchall()


def _publish_again(settings: Settings, *statements: str) -> None:
    """Change the lake, and let every published day be the changed one."""
    snapshot = change(settings, *statements)
    change(settings, f"UPDATE lake.meta.published SET snapshot_id = {snapshot}")


def _counting(kind: PaperKind, batches: list[list[str]]) -> PaperKind:
    def read(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[Any]:
        batches.append(sorted(batch.subjects))
        return kind.read(con, batch)

    return dataclasses.replace(kind, read=read)


@pytest.mark.parametrize(
    ("kind", "period", "subjects"),
    [
        (CHALLENGE, MONTH, "SELECT DISTINCT challenge_key FROM lake.finance.fct_challenges"),
        (COPY, FEE_MONTH, "SELECT DISTINCT strategy_key FROM lake.partners.fct_copy_fees"),
    ],
    ids=["challenge", "copy"],
)
def test_all_of_a_tenant_are_made_once_from_one_reading(
    broker: Settings, tmp_path: Path, kind: PaperKind, period: str, subjects: str
) -> None:
    wanted = sorted(key for (key,) in _rows(broker, subjects))
    seen: list[tuple[int, int]] = []
    batches: list[list[str]] = []
    result = run_papers(
        broker,
        _counting(kind, batches),
        period,
        ("csv", "pdf"),
        out=tmp_path / "out",
        told=lambda done, due: seen.append((done, due)),
    )
    assert len(wanted) > 1
    assert batches == [wanted]
    assert (result.due, result.made, result.left_out) == (len(wanted), len(wanted), [])
    assert (result.exit_code, seen[-1]) == (0, (len(wanted), len(wanted)))
    held = papers(broker, kind=kind.name, period=period)
    assert sorted(paper.subject_key for paper in held) == wanted
    assert len(list((tmp_path / "out").iterdir())) == 2 * len(wanted)

    again = run_papers(broker, _counting(kind, batches), period, ("csv", "pdf"))
    assert (again.made, again.already) == (0, len(wanted))
    assert len(batches) == 1, "what is there is not read again"
    for paper in held:
        assert reproduce(broker, paper.paper_number).identical


def test_a_run_and_the_single_command_make_the_same_paper(broker: Settings, tmp_path: Path) -> None:
    run_papers(broker, CHALLENGE, MONTH, ("csv",))
    run_papers(broker, COPY, FEE_MONTH, ("csv",))
    by_subject = {paper.subject_key: paper.paper_number for paper in papers(broker)}
    for made, subject in (
        (make_challenge_statement(broker, "CH002", MONTH, "csv", tmp_path), "demo/CH002"),
        (make_copy_statement(broker, "S2", FEE_MONTH, "csv", tmp_path), "demo/S2"),
    ):
        assert made.statement_number == by_subject[subject]
        [file] = statements(broker, statement_number=made.statement_number)
        assert file.sha256 == made.sha256


def test_a_challenge_decided_before_the_period_has_no_figures_in_it(broker: Settings) -> None:
    first, last = "2026-10-20", "2026-10-23"
    alive = _rows(
        broker,
        "SELECT DISTINCT challenge_key FROM lake.finance.fct_challenge_days "
        f"WHERE business_date BETWEEN DATE '{first}' AND DATE '{last}' ORDER BY 1",
    )
    result = run_papers(broker, CHALLENGE, f"{first}..{last}", ("csv",))
    assert 0 < len(alive) < result.due
    assert (result.made, result.without_figures) == (len(alive), result.due - len(alive))
    assert sorted(paper.subject_key for paper in papers(broker)) == [key for (key,) in alive]


def test_what_disagrees_or_has_no_account_is_left_out_and_the_rest_is_made(
    broker: Settings,
) -> None:
    _publish_again(
        broker,
        "UPDATE lake.finance.fct_challenge_days SET lowest_amount = daily_floor_amount - 1 "
        "WHERE challenge_id = 'CH001' AND business_date = DATE '2026-10-14'",
        "INSERT INTO lake.raw.crm_challenges SELECT c.* REPLACE ('CH900' AS challenge_id, "
        "999999 AS login, 9000000 AS _row_id) FROM lake.raw.crm_challenges AS c "
        "WHERE challenge_id = 'CH001'",
    )
    result = run_papers(broker, CHALLENGE, MONTH, ("csv",))
    told = {row.subject_key: row.error.what for row in result.left_out}
    assert told.keys() == {"demo/CH001", "demo/CH900"}
    assert told["demo/CH001"].startswith("On 2026-10-14 the lowest amount is ")
    assert told["demo/CH900"] == "No source knows an account of demo/CH900."
    assert result.made == result.due - 2
    assert result.exit_code == 3
    numbers = sorted(paper.sequence for paper in papers(broker))
    assert numbers == list(range(1, result.made + 1)), "who is left out takes no number"


def test_a_strategy_whose_fees_disagree_is_left_out(broker: Settings) -> None:
    _publish_again(
        broker,
        "UPDATE lake.partners.fct_copy_fees SET difference_amount = difference_amount + 1 "
        "WHERE strategy_id = 'S1'",
    )
    result = run_papers(broker, COPY, FEE_MONTH, ("csv",))
    assert [row.subject_key for row in result.left_out] == ["demo/S1"]
    assert "due is not" in result.left_out[0].error.what
    assert (result.made, result.exit_code) == (1, 1)
    assert [paper.subject_key for paper in papers(broker)] == ["demo/S2"]


def test_a_killed_run_goes_on_where_it_stopped(broker: Settings) -> None:
    config = broker.config_path
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_TWO, str(config), MONTH],
        cwd=PROJECT_ROOT,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    before = papers(broker)
    assert len(before) == 2
    result = run_papers(broker, CHALLENGE, MONTH, ("csv",))
    assert (result.already, result.made) == (2, result.due - 2)
    held = papers(broker)
    assert held[:2] == before
    assert [paper.sequence for paper in held] == list(range(1, result.due + 1))


def test_a_strategy_has_months_only(broker: Settings) -> None:
    with pytest.raises(UsageError, match="covers a month, 2026 is none"):
        run_papers(broker, COPY, "2026", ("csv",))


def test_a_lake_without_challenges_says_so(tiny: Settings) -> None:
    with pytest.raises(UnclosedPeriodError, match=r"before Daybook kept finance\.fct_challenges"):
        run_papers(tiny, CHALLENGE, MONTH, ("csv",))


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


def test_papers_are_sent_to_the_challenges_client_and_the_strategys_manager(
    broker: Settings, smtp: SmtpServer
) -> None:
    # A client whose id is that of a strategy has nothing to do with it.
    change(
        broker,
        "INSERT INTO lake.pii.crm_clients SELECT c.* REPLACE ('S2' AS client_id, "
        "'stranger@example.org' AS email, 9000000 AS _row_id) FROM lake.pii.crm_clients AS c "
        "WHERE client_id = 'C10006' LIMIT 1",
        "UPDATE lake.pii.crm_clients SET email = NULL WHERE client_id = 'C10008'",
    )
    mail = MailSettings(host="127.0.0.1", port=smtp.port, security="none", sender="a@b.test")
    settings = broker.model_copy(
        update={"statements": StatementSettings(mail=mail, attempts=1, pause_seconds=0)}
    )
    run_papers(settings, CHALLENGE, MONTH, ("pdf",))
    run_papers(settings, COPY, FEE_MONTH, ("pdf",))
    clients = dict(
        _rows(
            broker,
            "SELECT DISTINCT challenge_key, lower(split_part(client_key, '/', 2)) "
            "FROM lake.finance.fct_challenges",
        )
    )
    numbers = {
        paper.paper_number: paper.subject_key
        for paper in standing_papers(settings, "challenge", MONTH)
    }
    result = deliver(settings, standing_papers(settings, "challenge", MONTH), "mail")
    assert [numbers[row.paper_number] for row in result.left_out] == ["demo/CH004"]
    assert "has no e-mail address" in result.left_out[0].error.what
    assert (result.delivered, result.exit_code) == (len(numbers) - 1, 3)
    sent = {_number(message): message["To"] for message in smtp.messages}
    assert sent == {
        number: f"{clients[subject]}@example.com"
        for number, subject in numbers.items()
        if subject != "demo/CH004"
    }
    assert smtp.messages[0]["Subject"].startswith("Challenge statement 1 October 2026")

    smtp.messages.clear()
    result = deliver(settings, standing_papers(settings, "copy", FEE_MONTH), "mail")
    assert (result.delivered, result.left_out) == (2, [])
    assert [message["To"] for message in smtp.messages] == [
        "c10005@example.com",
        "c10006@example.com",
    ]
    again = deliver(settings, standing_papers(settings, "copy", FEE_MONTH), "mail")
    assert (again.already, again.delivered) == (2, 0)


def _number(message: Any) -> str:
    [attachment] = message.iter_attachments()
    return str(attachment.get_filename()).removesuffix(".pdf")


def test_the_shell_runs_and_lists_them(broker: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_CONFIG", str(broker.config_path))
    shell = CliRunner()
    for kind, period in (("challenge", MONTH), ("copy", FEE_MONTH)):
        named = ["--kind", kind, "--period", period, "--json"]
        ran = shell.invoke(app, ["statement", "run", "--format", "csv", *named])
        assert ran.exit_code == 0, ran.output
        result = json.loads(ran.stdout)
        listed = json.loads(shell.invoke(app, ["statement", "list", *named]).stdout)
        assert result["made"] == result["due"] == len(listed) > 1
        assert {row["kind"] for row in listed} == {kind}
    one = shell.invoke(app, ["statement", "list", "--subject", "demo/S2", "--json"])
    assert [row["kind"] for row in json.loads(one.stdout)] == ["copy"]
