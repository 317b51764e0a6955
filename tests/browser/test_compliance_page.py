"""The Compliance page shows each alert with its evidence, and the register with its files."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest

from tests.browser.reading import Screen
from warehouse.connection import connect
from warehouse.control import audit
from warehouse.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_alert_shows_its_parameters_and_every_evidence_row(
    screen: Screen, books: Settings
) -> None:
    screen.open("compliance")
    with connect("read", settings=books) as con:
        alerts = con.execute(
            """
            SELECT alert_key, scenario_id, client_key, reason, parameters
            FROM lake.compliance.fct_alerts
            ORDER BY alert_date DESC, scenario_id, alert_key
            """
        ).fetchall()
        evidence = con.execute(
            """
            SELECT evidence_key FROM lake.compliance.fct_alert_evidence
            WHERE alert_key = $1 ORDER BY at_utc, evidence_key
            """,
            [alerts[0][0]],
        ).fetchall()
    rows = screen.rows(screen.table("alerts-"))
    assert [row[2] for row in rows] == [alert[2] for alert in alerts][: len(rows)]
    screen.select_row("alerts-", 0)
    assert alerts[0][3] in screen.text()
    assert [row[2] for row in screen.rows(screen.table_with("What happened"))] == [
        key for (key,) in evidence
    ]
    drawn = {row[0]: row[1] for row in screen.rows(screen.table_with("Parameter"))}
    stated = json.loads(alerts[0][4])
    assert drawn == {name.replace("_", " "): str(value) for name, value in stated.items()}


def test_a_filing_is_listed_and_its_file_is_saved_and_audited(
    screen: Screen, books: Settings, closed_days: tuple[dt.date, dt.date], tmp_path: Path
) -> None:
    from exports.register import list_filings, run_losing_accounts

    run_losing_accounts(books, window_to=closed_days[1], maker="test")
    screen.open("compliance")
    record = list_filings(books)[0]
    row = screen.rows(screen.table("filings-"))[0]
    assert row[0] == record.filing_id
    assert row[6] == f"{record.population:,}"
    screen.select_row("filings-", 0)
    for reason, count in record.excluded.items():
        assert count > 0
        assert reason
    evidence = next(file for file in record.files if file.name.endswith(".csv"))
    assert evidence.sha256 in screen.text()
    before = _downloads(books)
    screen.press(f"Get {evidence.name}")
    assert _downloads(books) == before + 1
    button = screen.page.get_by_role("button", name=f"Save {evidence.name}")
    target = screen.saved(button, tmp_path / evidence.name)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == evidence.sha256


def _downloads(books: Settings) -> int:
    return sum(entry.action == "filing.downloaded" for entry in audit.entries(books))
