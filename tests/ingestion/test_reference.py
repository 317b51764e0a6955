"""Reference data by drop: quotes, currencies, market codes, LEIs, a bank's rates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ingestion.connectors.reference.fx_rates import FxLayoutError, fx_layout, read_fx_rates
from ingestion.connectors.reference.quotes import QuotesError, quotes_layout, read_quotes
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.settings import SourceSettings

ISO = (
    '<ISO_4217 Pblshd="{day}"><CcyTbl>'
    "<CcyNtry><CtryNm>ANTARCTICA</CtryNm><CcyNm>No universal currency</CcyNm></CcyNtry>"
    "<CcyNtry><CtryNm>ZZ08_Gold</CtryNm><CcyNm>Gold</CcyNm><Ccy>XAU</Ccy><CcyNbr>959</CcyNbr>"
    "<CcyMnrUnts>N.A.</CcyMnrUnts></CcyNtry>{more}</CcyTbl></ISO_4217>"
)
YEN = (
    "<CcyNtry><CtryNm>JAPAN</CtryNm><CcyNm>Yen</CcyNm><Ccy>JPY</Ccy><CcyNbr>392</CcyNbr>"
    "<CcyMnrUnts>0</CcyMnrUnts></CcyNtry>"
)
MICS = (
    '"MIC","OPERATING MIC","OPRT/SGMT","MARKET NAME-INSTITUTION DESCRIPTION","LEGAL ENTITY NAME",'
    '"LEI","MARKET CATEGORY CODE","ACRONYM","ISO COUNTRY CODE (ISO 3166)","CITY","WEBSITE",'
    '"STATUS","CREATION DATE","LAST UPDATE DATE","LAST VALIDATION DATE","EXPIRY DATE","COMMENTS"\n'
    '"XTST","XTST","OPRT","TEST, EXCHANGE","","","NSPD","","GB","LONDON","","ACTIVE","20050627",'
    '"20250627","","",""\n'
)
LEIS = (
    "LEI,Entity.LegalName,Entity.LegalAddress.Country,Entity.LegalJurisdiction,"
    "Entity.EntityCategory,Entity.EntityStatus,Registration.RegistrationStatus,"
    "Registration.InitialRegistrationDate,Registration.LastUpdateDate,"
    "Registration.NextRenewalDate,Registration.ManagingLOU,Unwanted\n"
    '5493001KJTIIGC8Y1R12,"Acme, Ltd",GB,GB,GENERAL,ACTIVE,ISSUED,2012-06-06T15:53:00.000Z,'
    "2026-01-01T00:30:00+02:00,2027-01-01T00:00:00Z,X,1\n"
)
QUOTES = (
    "symbol,time,bid,ask\n"
    "EURUSD,2026-10-30 23:59:59,1.08,1.0801\n"
    "CROSSED,2026-10-30 23:59:59,1.3,1.2999\n"
    "FREE,2026-10-30 23:59:59,0,1\n"
    "WHEN,soon,1,2\n"
    "SHORT,2026-10-30 23:59:59,1\n"
    "ZONED,2026-10-30T10:00:00+02:00,1,1\n"
    "DOTTED,2026.10.30 23:59,1,1\n"
)


def reference(folder: Path, **options: Any) -> SourceSettings:
    """A source of reference data."""
    return SourceSettings(name="reference", kind="reference", path=folder, options=options)


def test_quotes_are_taken_once_and_impossible_ones_refused(home: Path, tmp_path: Path) -> None:
    settings = settings_for(home, reference(tmp_path, quotes={"zone": "server"}))
    (tmp_path / "closing.csv").write_text(QUOTES, "utf-8")
    assert sync_once(settings).sources[0].new == 3
    held = rows(
        settings,
        "SELECT symbol, quote_kind, quoted_at_utc::VARCHAR, bid::VARCHAR, _source_row "
        "FROM lake.raw.reference_quotes ORDER BY symbol",
    )
    # The server is seven hours ahead of New York; on that day New York is at UTC-4.
    assert held == [
        ("DOTTED", "closing", "2026-10-30 20:59:00", "1.000000000000", 8),
        ("EURUSD", "closing", "2026-10-30 20:59:59", "1.080000000000", 2),
        ("ZONED", "closing", "2026-10-30 08:00:00", "1.000000000000", 7),
    ]
    refused = rows(
        settings, "SELECT row_number, column_name, reason FROM lake.raw.quarantine ORDER BY 1"
    )
    assert [(row, column, reason.split(" (")[0]) for row, column, reason in refused] == [
        (3, "bid", "crossed quote: bid is above ask"),
        (4, "bid", "a price is not above zero"),
        (5, "quoted_at", "quoted_at is not a TIMESTAMP"),
        (6, "ask", "ask is NULL"),
    ]
    # An overlap, and a minute's quote at the same instant: another series.
    (tmp_path / "later_close.csv").write_text(
        QUOTES.splitlines()[0] + "\nEURUSD,2026-10-30 23:59:59,1.08,1.0801\n", "utf-8"
    )
    (tmp_path / "minute.csv").write_text(
        "symbol,time,bid,ask\nEURUSD,2026-10-30 23:59:59,1.09,1.0901\n", "utf-8"
    )
    report = sync_once(settings).sources[0]
    assert (report.new, report.changed) == (1, 0)


@pytest.mark.unit
def test_parquet_quotes_keep_their_digits_and_come_in_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.connectors.reference.quotes.CHUNK_ROWS", 2)
    path = tmp_path / "minute.parquet"
    pl.DataFrame(
        {
            "Symbol": ["BTCUSD", "EURUSD", "EURUSD"],
            "Time": [datetime(2026, 3, 8, 9, 30), datetime(2026, 3, 8, 8), datetime(2026, 3, 9)],
            "Bid": [65000.1, 1.1403699999999999, 1.0],
            "Ask": [65000.2, 1.15, 1.0],
        }
    ).write_parquet(path)
    source = reference(tmp_path)
    frames = list(read_quotes(path, path.name, quotes_layout({"zone": "server"}), source))
    whole = pl.concat(frames).sort("_source_row")
    assert whole["bid"].cast(pl.String).to_list() == [
        "65000.100000000000", "1.140370000000", "1.000000000000",
    ]  # fmt: skip
    # 09:30 did not exist on the server's clock on that day: New York's clocks went forward.
    assert whole["quoted_at_utc"].to_list() == [
        None, datetime(2026, 3, 8, 6), datetime(2026, 3, 8, 21),
    ]  # fmt: skip
    with pytest.raises(QuotesError, match="times state no zone"):
        list(read_quotes(path, path.name, quotes_layout({}), source))


def test_lists_of_codes_and_their_versions(home: Path, tmp_path: Path) -> None:
    settings = settings_for(home, reference(tmp_path, largest_shrink_pct=50))
    (tmp_path / "list-one.xml").write_text(ISO.format(day="2026-01-01", more=YEN), "utf-8")
    (tmp_path / "ISO10383_MIC_20260112.csv").write_text(MICS, "utf-8")
    (tmp_path / "20261101-gleif-goldencopy-lei2-golden-copy.csv").write_text(LEIS, "utf-8")
    (tmp_path / "quotes.csv").write_text(
        "symbol,time,bid,ask\nX,2026-01-01 00:00:00,1,2\n", "utf-8"
    )
    report = sync_once(settings).sources[0]
    assert [(p.severity, p.what) for p in report.problems] == [
        ("error", "quotes.csv: 1 times state no zone: set options.quotes.zone to theirs (UTC, an "
         "IANA zone, or server); nothing of the file was loaded.")
    ]  # fmt: skip
    assert rows(
        settings,
        f"SELECT currency, minor_units FROM {current('reference_currencies')} ORDER BY 1",
    ) == [("JPY", 0), ("XAU", None), (None, None)]
    assert rows(
        settings, "SELECT market_name, created_date::VARCHAR FROM lake.raw.reference_mics"
    ) == [("TEST, EXCHANGE", "2005-06-27")]
    assert rows(
        settings, "SELECT legal_name, updated_at_utc::VARCHAR FROM lake.raw.reference_leis"
    ) == [("Acme, Ltd", "2025-12-31 22:30:00")]
    versions = (
        "SELECT list_id, list_date::VARCHAR, date_origin FROM lake.raw.reference_list_versions"
    )
    assert rows(settings, f"{versions} ORDER BY 1") == [
        ("GLEIF", "2026-11-01", "file_name"), ("ISO 10383", "2026-01-12", "file_name"),
        ("ISO 4217", "2026-01-01", "list"),
    ]  # fmt: skip
    # A new version takes the yen off; a file of LEIs that lacks one takes nothing off.
    (tmp_path / "list-two.xml").write_text(ISO.format(day="2026-06-01", more=""), "utf-8")
    (tmp_path / "20261102-lei2-delta-lastday.csv").write_text(
        LEIS.replace("5493001KJTIIGC8Y1R12", "549300TESTTESTTEST99"), "utf-8"
    )
    (tmp_path / "mic_broken.csv").write_text(MICS.replace('"STATUS"', '"STATE"'), "utf-8")
    report = sync_once(settings).sources[0]
    assert "mic_broken.csv: it has no column STATUS" in report.problems[0].what
    assert one(settings, f"SELECT count(*) FROM {current('reference_currencies')}") == 2
    assert one(settings, f"SELECT count(*) FROM {current('reference_leis')}") == 2


LONG = {
    "files": "fx*", "delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y", "quote": "CHF",
    "columns": {"date": "Datum", "base": "Waehrung", "units": "Einheit", "rate": "Kurs"},
}  # fmt: skip


def test_a_banks_rates_are_kept_as_published(home: Path, tmp_path: Path) -> None:
    settings = settings_for(home, reference(tmp_path, fx=LONG))
    (tmp_path / "fx_a.csv").write_text(
        "Datum;Waehrung;Einheit;Kurs\n30.10.2026;usd;1;0,8012\n30.10.2026;JPY;100;0,5312\n"
        "30.10.2026;GBP;1;-1,1\n",
        "utf-8",
    )
    assert sync_once(settings).sources[0].new == 2
    assert rows(
        settings,
        "SELECT base_currency, quote_currency, base_units::INTEGER, rate::VARCHAR "
        "FROM lake.raw.reference_fx_rates ORDER BY 1",
    ) == [("JPY", "CHF", 100, "0.531200000000"), ("USD", "CHF", 1, "0.801200000000")]
    assert one(settings, "SELECT reason FROM lake.raw.quarantine").startswith("rate is not above")
    (tmp_path / "fx_b.csv").write_text("Datum;Waehrung;Kurs\n30.10.2026;USD;1\n", "utf-8")
    report = sync_once(settings).sources[0]
    assert "fx_b.csv: it has no column Einheit" in report.problems[0].what


@pytest.mark.unit
def test_wide_files_and_pairs() -> None:
    wide = fx_layout({"layout": "wide", "base": "EUR", "columns": {"date": "Date"}})
    frame = read_fx_rates(b"Date,USD,JPY,x\n2026-10-30,1.08,N/A,y\n", "a.csv", wide)
    assert frame.select("base_currency", "quote_currency", "rate").rows() == [
        ("EUR", "USD", "1.08")
    ]
    pairs = fx_layout({"columns": {"date": "d", "pair": "p", "rate": "r"}})
    frame = read_fx_rates(b"d,p,r\n2026-10-30,EUR/USD,1.08\n", "a.csv", pairs)
    assert frame.select("base_currency", "quote_currency").rows() == [("EUR", "USD")]
    for given in (
        {"mood": 1}, {"columns": {"date": "d"}}, {"columns": {"date": "d", "rate": "r"}},
        {"layout": "wide", "columns": {"date": "d"}},
    ):  # fmt: skip
        with pytest.raises(FxLayoutError):
            fx_layout(given)


def test_options_that_cannot_be_used(home: Path, tmp_path: Path) -> None:
    for options in ({"quotes": {"zone": "Moon/Base"}}, {"quotes": {"mood": 1}}, {"fx": {}}):
        settings = settings_for(home, reference(tmp_path, **options))
        report = sync_once(settings)
        assert report.failed
        assert "cannot be used" in str(report.sources[0])
