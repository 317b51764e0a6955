"""The percentage of losing retail accounts, the register, and making a filing again."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import pypdf
import pytest

from exports.errors import ParameterError, UnclosedPeriodError
from exports.filings import REGIMES, regime
from exports.filings.losing_accounts.v2018_796 import SPECIFICATION, wording
from exports.filings.losing_accounts.v2018_796.parameters import months_before
from exports.register import (
    download_filing,
    due_filings,
    list_filings,
    reproduce,
    run_losing_accounts,
)
from tests.exports.changes import change
from tests.golden.tiny_lake import SERVER, TENANT
from warehouse.control import audit, verify_audit
from warehouse.errors import UsageError
from warehouse.settings import Settings

EXPECTED = Path(__file__).parents[1] / "golden" / "tiny_broker" / "expected"
WINDOW_TO = dt.date(2026, 10, 30)


def _publish_again(settings: Settings, snapshot: int) -> None:
    change(
        settings,
        f"INSERT INTO lake.meta.published VALUES (2, '{TENANT}', '{SERVER}', '2026-10-30', 2, "
        f"{snapshot}, 2, '2026-11-05 08:00:00', 'ada', '0', '{{}}')",
    )


@pytest.mark.golden
def test_files_are_the_golden_ones(tiny: Settings, out: Path, golden_update: bool) -> None:
    made = run_losing_accounts(tiny, "Northwind EU", window_to=WINDOW_TO, maker="ada", out=out)
    for file in made.files:
        if file.name.endswith(".pdf"):
            continue
        golden = EXPECTED / file.name
        if golden_update:
            golden.write_bytes(file.path.read_bytes())
        assert file.path.read_bytes() == golden.read_bytes()


def test_the_hand_counted_percentage(tiny: Settings, out: Path) -> None:
    made = run_losing_accounts(tiny, "Northwind EU", window_to=WINDOW_TO, maker="ada", out=out)
    assert made.headline == "50.00 % of retail accounts lost money (6 of 12)"
    assert (made.population, made.included) == (19, 12)
    assert made.excluded == {
        "client class at the window's end: professional": 2,
        "manager accounts": 1,
        "no client class on record at the window's end": 1,
        "no client of the CRM owns this account": 1,
        "no open CFD in the window": 2,
    }
    assert made.population == made.included + sum(made.excluded.values())
    assert (made.period_from, made.state) == (dt.date(2025, 10, 31), "validated")
    evidence, summary, disclosure = (file.path for file in made.files)
    rows = {
        row["account_key"].rpartition("/")[2]: row
        for row in csv.DictReader(io.StringIO(evidence.read_text()))
    }
    assert [login for login, row in rows.items() if row["is_losing"] == "true"] == [
        "1003", "1004", "2002", "2006", "2011", "2014",
    ]  # fmt: skip
    assert rows["2006"]["net_result"] == "-5.00000000"
    assert rows["2004"]["is_losing"] == "false"
    content = json.loads(summary.read_text())
    assert content["percentage"] == "50.00"
    assert content["figures_from"] == "2026-10-01"
    assert {rule["broken"] for rule in content["rules_checked"]} == {0}
    (page,) = pypdf.PdfReader(disclosure).pages
    text = page.extract_text()
    assert "50.00 % of retail investor accounts lose money" in " ".join(text.split())
    assert "compliant" not in text.lower()


def test_the_whole_tenant_and_the_figure_in_the_warning(tiny: Settings) -> None:
    made = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    assert made.headline == "46.15 % of retail accounts lost money (6 of 13)"
    warnings = made.result["warnings"]
    assert isinstance(warnings, dict)
    assert warnings["reduced_character"] == "46.15 % of retail CFD accounts lose money."
    assert made.result["percentage_whole"] == "46"


def test_the_register_knows_what_was_filed(tiny: Settings) -> None:
    made = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    again = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="bob")
    assert again.filing_id == made.filing_id
    (record,) = list_filings(tiny)
    assert (record.maker, record.snapshot_id) == ("ada", made.snapshot_id)
    assert [file.sha256 for file in record.files] == [file.sha256 for file in made.files]
    assert len(record.rule_set_hash) == 64
    assert record.parameters["window_months"] == "12"
    content = download_filing(tiny, made.filing_id, made.files[0].name, actor="cy")
    assert content == made.files[0].path.read_bytes()
    assert [(row.actor, row.action) for row in audit.entries(tiny)] == [
        ("ada", "filing.run"),
        ("bob", "filing.run"),
        ("cy", "filing.downloaded"),
    ]
    assert verify_audit(tiny).is_intact


def test_a_filing_comes_out_the_same_after_the_books_moved_on(tiny: Settings) -> None:
    made = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    snapshot = change(
        tiny,
        "UPDATE lake.filings.fil_losing_accounts__account_days SET realised_reporting = -9 "
        "WHERE account_key = 'demo/mt5_live/2012'",
    )
    _publish_again(tiny, snapshot)
    renamed = tiny.model_copy(update={"display_name": "Another Name"})
    result = reproduce(renamed, made.filing_id)
    assert result.identical
    assert (result.exit_code, result.differences) == (0, ())
    corrected = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    assert corrected.filing_id != made.filing_id
    assert corrected.headline == "53.85 % of retail accounts lost money (7 of 13)"
    assert len(list_filings(tiny)) == 2


def test_a_filing_that_comes_out_different_is_told(
    tiny: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    monkeypatch.setattr(wording, "REDUCED", "{figure} % lose.")
    result = reproduce(tiny, made.filing_id)
    assert (result.identical, result.exit_code) == (False, 1)
    assert result.differences == (
        "losing_accounts_all_20261030_disclosure.pdf",
        "losing_accounts_all_20261030_summary.json",
    )
    assert "came out different" in result.describe()


def test_missing_days_and_rules_stop_it(tiny: Settings) -> None:
    with pytest.raises(UnclosedPeriodError, match="2026-11-02 on mt5_live not published"):
        run_losing_accounts(tiny, window_to=dt.date(2026, 11, 2), maker="ada")
    with pytest.raises(ParameterError, match="no value in force on 2018-01-01"):
        run_losing_accounts(tiny, window_to=dt.date(2018, 1, 1), maker="ada")
    with pytest.raises(UsageError, match="No account belongs to Northwind US"):
        run_losing_accounts(tiny, "Northwind US", window_to=WINDOW_TO, maker="ada")
    change(tiny, "DROP TABLE lake.reference.rul_losing_accounts")
    with pytest.raises(ParameterError, match="not in the warehouse"):
        run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    assert list_filings(tiny) == []


def test_no_retail_account_gives_no_figure(tiny: Settings) -> None:
    snapshot = change(
        tiny,
        "UPDATE lake.filings.fil_losing_accounts__account_classifications "
        "SET classification = 'professional'",
    )
    _publish_again(tiny, snapshot)
    made = run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    assert made.result["percentage"] is None
    assert made.result["warnings"] == {}
    assert "no figure to disclose" in made.headline


def test_the_next_windows_fall_due(tiny: Settings) -> None:
    assert due_filings(tiny, on=dt.date(2027, 1, 31)) == []
    run_losing_accounts(tiny, window_to=WINDOW_TO, maker="ada")
    assert due_filings(tiny, on=dt.date(2027, 1, 29)) == []
    (due,) = due_filings(tiny, on=dt.date(2027, 1, 30))
    assert (due.regime, due.window_to, due.state) == (
        "losing_accounts",
        dt.date(2027, 1, 30),
        "due",
    )


@pytest.mark.unit
def test_filings_are_found_by_their_folders() -> None:
    folder = Path(regime.__code__.co_filename).parent
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert set(REGIMES) == packages
    assert regime("losing_accounts").specification() is SPECIFICATION
    assert regime("losing_accounts").specification("2018/796") is SPECIFICATION
    with pytest.raises(UsageError, match="no specification 1999"):
        regime("losing_accounts").specification("1999")
    with pytest.raises(UsageError, match="no filing 'tax'"):
        regime("tax")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-10-30", 12, "2025-10-30"),
        ("2026-10-31", 12, "2025-10-31"),
        ("2026-02-28", 12, "2025-02-28"),
        ("2025-02-28", 12, "2024-02-29"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2026-12-31", 3, "2026-09-30"),
        ("2026-09-30", -3, "2026-12-31"),
        ("2026-05-30", 3, "2026-02-28"),
        ("2026-11-30", -1, "2026-12-31"),
        ("2026-01-15", 1, "2025-12-15"),
    ],
)
def test_months_are_counted_by_the_calendar(day: str, months: int, expected: str) -> None:
    assert months_before(dt.date.fromisoformat(day), months) == dt.date.fromisoformat(expected)
