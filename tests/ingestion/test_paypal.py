"""PayPal: downloads in the languages, number and date forms of their accounts."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors.dropped_files import DroppedFile
from ingestion.connectors.paypal.downloads import Locale, read_download
from ingestion.connectors.paypal.headers import NAMES, REQUIRED, columns_of
from ingestion.sync import sync_once
from tests.ingestion.lake import current, one, rows
from tests.ingestion.psp_files import (
    killed_sync,
    psp,
    quarantined,
    settings_of,
    sync,
    whats,
)

TABLE = "paypal_transactions"
EN = (
    "Date,Time,TimeZone,Name,Type,Status,Currency,Gross ,Fee ,Net,From Email Address,"
    "Transaction ID,Reference Txn ID,Invoice Number,Balance"
)
# The same four facts in each language: header, then rows.
_ROW = "9/{day}/2026,21:15:11,PDT,{name},{kind},{amount},{ids}\n"
ENGLISH = (
    f"{EN}\n"
    + _ROW.format(
        day=4, name="Ada Secret", kind="Express Checkout Payment,Completed,EUR",
        amount='"1,058.09",-31.03,"1,027.06"', ids='ada@secret.example,T1,,701,"1,027.06"',
    )
    + _ROW.format(
        day=14, name="", kind="General Currency Conversion,Completed,EUR",
        amount="-100.00,0.00,-100.00", ids=",T2,T4,,927.06",
    )
    + _ROW.format(
        day=14, name="", kind="General Currency Conversion,Completed,USD",
        amount="110.00,0.00,110.00", ids=",T3,T4,,110.00",
    )
    + _ROW.format(
        day=14, name="", kind="General Withdrawal,Pending,USD",
        amount="-110.00,0.00,-110.00", ids=",T4,,,0.00",
    )
)  # fmt: skip


def translated(header: str, date: str, zone: str = "Europe/Berlin") -> str:
    """Two rows of a download with decimal commas."""
    return (
        "\ufeff" + header + "\n"
        f'"{date}","09:44:24","{zone}","Zahlung","EUR","1.058,09","-31,03","1.027,06","1.027,06",'
        '"T1","ada@secret.example","Ada Secret","701",""\n'
        f'"{date}","10:44:24","{zone}","Zahlung","EUR","-58,09","0,00","-58,09","968,97",'
        '"T2","","","",""\n'
    )


HEADERS = {
    "German": '"Datum","Uhrzeit","Zeitzone","Beschreibung","Währung","Brutto","Entgelt","Netto",'
    '"Guthaben","Transaktionscode","Absender E-Mail-Adresse","Name","Rechnungsnummer",'
    '"Zugehöriger Transaktionscode"',
    "French": '"Date","Heure","Fuseau horaire","Description","Devise","Avant commission",'
    '"Commission","Net","Solde","Numéro de transaction","Adresse email de l\'expéditeur","Nom",'
    '"Identifiant de facture","Numéro de la transaction de référence"',
    "Spanish": '"Fecha","Hora","Zona horaria","Descripción","Divisa","Bruto ","Comisión ","Neto",'
    '"Saldo","Id. de transacción","Correo electrónico del remitente","Nombre","Id. de factura",'
    '"Id. de referencia de trans."',
    "Italian": '"Data","Ora","Fuso orario","Descrizione","Valuta","Lordo ","Tariffa ","Netto",'
    '"Saldo","Codice transazione","Indirizzo email mittente","Nome","N. fattura pro-forma",'
    '"Codice transazione di riferimento"',
    "Dutch": '"Datum","Tijd","Tijdzone","Omschrijving","Valuta","Bruto","Kosten","Net","Saldo",'
    '"Transactiereferentie","Van e-mailadres","Naam","Factuurreferentie","Reference Txn ID"',
}


def test_an_english_download_is_loaded_once(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    (folder / "2026-09.csv").write_text(ENGLISH, "utf-8")
    first = sync(settings)
    assert first.problems == ()
    assert rows(
        settings,
        "SELECT transaction_id, currency, net, occurred_at::VARCHAR, iana_zone, invoice_number "
        f"FROM {current(TABLE)} ORDER BY 1 LIMIT 2",
    ) == [
        ("T1", "EUR", Decimal("1027.06"), "2026-09-04 21:15:11", "Etc/GMT+7", "701"),
        ("T2", "EUR", Decimal(-100), "2026-09-14 21:15:11", "Etc/GMT+7", None),
    ]
    again = sync(settings)
    assert (again.loads, again.problems) == (0, ())
    assert "Secret" not in str(rows(settings, f"SELECT * FROM lake.raw.{TABLE}"))
    assert one(settings, f"SELECT max(name) FROM lake.pii.{TABLE}") == "Ada Secret"


def test_every_language_says_the_same(home: Path, tmp_path: Path) -> None:
    names = sorted(language.lower() for language in HEADERS)
    settings = settings_of(home, *(psp("paypal", tmp_path / name, name) for name in names))
    for language, header in HEADERS.items():
        file = tmp_path / language.lower() / "a.csv"
        file.write_text(translated(header, "13/2/2026"), "utf-8")
    report = sync_once(settings)
    assert [whats(one_source) for one_source in report.sources] == [[]] * len(names)
    held = rows(
        settings,
        "SELECT _source, transaction_id, occurred_at::VARCHAR, gross, fee, net, balance, "
        f"invoice_number, type FROM {current(TABLE)} ORDER BY 1, 2",
    )
    facts = [
        (
            "T1", "2026-02-13 09:44:24", Decimal("1058.09"), Decimal("-31.03"),
            Decimal("1027.06"), Decimal("1027.06"), "701", "Zahlung",
        ),
        (
            "T2", "2026-02-13 10:44:24", Decimal("-58.09"), Decimal(0), Decimal("-58.09"),
            Decimal("968.97"), None, "Zahlung",
        ),
    ]  # fmt: skip
    assert held == [(name, *fact) for name in names for fact in facts]


def test_every_required_column_is_known_in_every_language() -> None:
    for language, header in HEADERS.items():
        found = columns_of([name.strip('"') for name in header.split(",")], {})
        assert set(REQUIRED) <= set(found), language
    assert set(REQUIRED) <= set(NAMES)


def test_a_pending_row_comes_again_completed(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    (folder / "a.csv").write_text(ENGLISH, "utf-8")
    sync(settings)
    (folder / "b.csv").write_text(ENGLISH.replace("Pending", "Completed"), "utf-8")
    later = sync(settings)
    assert (later.changed, later.problems) == (0, ())
    assert rows(
        settings,
        f"SELECT status_code, net FROM {current(TABLE)} WHERE transaction_id = 'T4' ORDER BY 1",
    ) == [("completed", Decimal(-110)), ("pending", Decimal(-110))]


def test_an_id_that_repeats_in_a_file_is_two_rows(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    twice = (
        f"{EN}\n"
        "9/14/2026,21:15:11,PDT,,Hold,Completed,EUR,-5.00,0.00,-5.00,,T1,,,5.00\n"
        "9/14/2026,22:15:11,PDT,,Release,Completed,EUR,5.00,0.00,5.00,,T1,,,10.00\n"
    )
    (folder / "a.csv").write_text(twice, "utf-8")
    assert (sync(settings).problems, quarantined(settings)) == ((), [])
    lines = twice.splitlines()
    (folder / "b.csv").write_text("\n".join([lines[0], lines[2], lines[1]]), "utf-8")
    sync(settings)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 2


@pytest.mark.parametrize(
    ("spoil", "options", "told"),
    [
        (("9/14/", "9/4/"), {}, "no date shows whether the day or the month comes first"),
        (("9/4/", "14/4/"), {}, "some dates can only be day first and some only month first"),
        (("", ""), {"date_order": "dmy"}, "its dates are written mdy, options.date_order says dmy"),
        (("", ""), {"decimal": ","}, 'amounts with a decimal ".", options.decimal says ","'),
        (("-100.00", '"-100,00"'), {}, "some amounts with a decimal comma and some with"),
        (("Gross ", "Sum"), {}, "has no column Gross (Brutto or Avant commission)"),
        (("PDT", "CST"), {}, "the time zone CST is not known"),
        ((",T2,", ",T2,x,"), {}, "rows without 15 fields: 3"),
    ],
)
def test_a_file_that_says_two_things_is_refused(
    spoil: tuple[str, str], options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(ENGLISH.replace(*spoil), "utf-8")
    [refused] = read_download(DroppedFile(path.name, path, ""), Locale(**options))
    assert refused.frame is None
    assert told in refused.problems[0].what
    assert refused.problems[0].severity == "error"


def test_an_ambiguous_file_is_read_as_configured(home: Path, tmp_path: Path) -> None:
    text = ENGLISH.replace("9/14/", "9/4/")
    sources = [psp("paypal", tmp_path / order, order, date_order=order) for order in ("dmy", "mdy")]
    for order in ("dmy", "mdy"):
        (tmp_path / order / "a.csv").write_text(text, "utf-8")
    settings = settings_of(home, *sources)
    assert not sync_once(settings).failed
    assert rows(
        settings,
        f"SELECT _source, min(occurred_at)::DATE::VARCHAR FROM {current(TABLE)} GROUP BY 1 "
        "ORDER BY 1",
    ) == [("dmy", "2026-04-09"), ("mdy", "2026-09-04")]


def test_a_decimal_comma_reads_the_day_first_and_says_so(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    (folder / "a.csv").write_text(translated(HEADERS["Spanish"], "2/1/2026"), "utf-8")
    found = sync(settings)
    assert "read day first" in whats(found, "warning")[0]
    assert one(settings, f"SELECT min(occurred_at)::DATE::VARCHAR FROM {current(TABLE)}") == (
        "2026-01-02"
    )


def test_amounts_that_prove_no_decimal_mark_are_refused_until_told(
    home: Path, tmp_path: Path
) -> None:
    yen = f'{EN}\n9/14/2026,21:15:11,PDT,,Payment,Completed,JPY,"1,000",0,"1,000",,T1,,,"1,000"\n'
    settings = settings_of(
        home, psp("paypal", tmp_path / "a", "a"), psp("paypal", tmp_path / "b", "b", decimal=".")
    )
    (tmp_path / "a" / "a.csv").write_text(yen, "utf-8")
    (tmp_path / "b" / "a.csv").write_text(yen, "utf-8")
    sync_once(settings)
    assert rows(settings, f"SELECT _source, net FROM {current(TABLE)}") == [("b", Decimal(1000))]


def test_a_balance_that_does_not_follow_stands_until_it_does(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    statement = translated(HEADERS["German"], "13.2.2026")
    (folder / "a.csv").write_text(statement.replace("968,97", "900,00"), "utf-8")
    found = sync(settings)
    assert found.new == 3, "two rows and the outcome of the check"
    [what] = whats(found, "error")
    assert what == (
        "a.csv: the EUR balance does not follow from its rows: 1 break, the first at row 3, "
        "off by -68.97."
    )
    assert whats(sync(settings), "error") == [what]
    (folder / "a.csv").write_text(statement, "utf-8")
    assert sync(settings).problems == ()


def test_newest_first_and_memo_rows_break_no_balance(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    lines = ENGLISH.splitlines()
    text = "\n".join([lines[0] + ",Balance Impact", *(f"{line},Credit" for line in lines[:0:-1])])
    text = text.replace(
        "Pending,USD,-110.00,0.00,-110.00,,T4,,,0.00", "Completed,USD,5,0,5,,T4,,,110.00"
    ).replace("110.00,Credit", "110.00,Memo", 1)
    (folder / "a.csv").write_text(text, "utf-8")
    assert sync(settings).problems == ()


def test_a_filtered_activity_download_may_break(home: Path, tmp_path: Path) -> None:
    broken = "\n".join(line for n, line in enumerate(ENGLISH.splitlines()) if n != 3)
    sources = [
        psp("paypal", tmp_path / "a", "a"),
        psp("paypal", tmp_path / "b", "b", files="filtered"),
    ]
    settings = settings_of(home, *sources)
    more = "\n9/15/2026,21:15:11,PDT,,Payment,Completed,USD,7.00,0.00,7.00,,T9,,,117.00\n"
    for name in ("a", "b"):
        (tmp_path / name / "a.csv").write_text(broken + more, "utf-8")
    told = {report.source: whats(report) for report in sync_once(settings).sources}
    assert "the USD balance does not follow" in told["a"][0]
    assert told["b"] == []


def test_rows_that_do_not_add_up_wait_in_quarantine(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder, files="filtered"))
    (folder / "a.csv").write_text(
        ENGLISH.replace("-31.03", "-30.03").replace("110.00,0.00,110.00", "1.1.0,0.00,110.00"),
        "utf-8",
    )
    sync(settings)
    assert [(row, column) for row, column, _ in quarantined(settings)] == [(2, "net"), (4, "gross")]
    assert "a.csv row 2" in quarantined(settings)[0][2]
    (folder / "b.csv").write_text(ENGLISH, "utf-8")
    sync(settings)
    assert quarantined(settings) == []
    assert one(settings, f"SELECT count(*) FROM {current(TABLE)}") == 4


def test_other_names_of_columns_and_another_encoding(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    columns = {"Bruttobetrag": "gross", "Währungscode": "currency"}
    settings = settings_of(home, psp("paypal", folder, columns=columns, encoding="cp1252"))
    text = translated(HEADERS["German"], "13.2.2026").lstrip("\ufeff")
    text = text.replace("Brutto", "Bruttobetrag").replace('"Währung"', '"Währungscode"')
    (folder / "a.csv").write_text(text.replace('","', '";"'), "cp1252")
    assert sync(settings).problems == ()
    assert one(settings, f"SELECT sum(gross) FROM {current(TABLE)}") == Decimal(1000)


def test_empty_files_and_files_of_others(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    assert sync(settings).problems == ()
    (folder / "header.csv").write_text(EN + "\n", "utf-8")
    (folder / "nothing.csv").write_text("", "utf-8")
    (folder / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    assert whats(sync(settings)) == [
        "nothing.csv is empty.",
        "other.csv is no file of this source: its layout is not known.",
    ]


def test_two_accounts_and_two_tenants(home: Path, tmp_path: Path) -> None:
    sources = [
        psp("paypal", tmp_path / "one", "one"),
        psp("paypal", tmp_path / "two", "two"),
        psp("paypal", tmp_path / "three", "three", tenant="other"),
    ]
    for name in ("one", "two", "three"):
        (tmp_path / name / "a.csv").write_text(ENGLISH, "utf-8")
    settings = settings_of(home, *sources)
    assert not sync_once(settings).failed
    assert rows(
        settings,
        f"SELECT _tenant_id, _source, count(*) FROM {current(TABLE)} GROUP BY ALL ORDER BY ALL",
    ) == [("demo", "one", 4), ("demo", "two", 4), ("other", "three", 4)]


@pytest.mark.fault
@pytest.mark.parametrize("step", ["written", "committed"])
def test_a_killed_pass_is_finished_by_the_next(step: str, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "paypal"
    settings = settings_of(home, psp("paypal", folder))
    (folder / "a.csv").write_text(ENGLISH, "utf-8")
    killed_sync(home, "paypal", folder, step)
    assert sync(settings).problems == ()
    assert one(settings, f"SELECT count(*) FROM lake.raw.{TABLE}") == 4
    assert one(settings, "SELECT count(*) FROM lake.raw.paypal_balance_checks") == 2


def test_real_samples(home: Path, tmp_path: Path, reference_data: Path) -> None:
    samples = sorted((reference_data / "sources/paypal").glob("*.csv"))
    settings = settings_of(
        home, *(psp("paypal", tmp_path / path.stem, path.stem.lower()) for path in samples)
    )
    for path in samples:
        shutil.copy(path, tmp_path / path.stem / path.name)
    report = sync_once(settings)
    assert not report.failed
    assert rows(
        settings,
        "SELECT _source, currency, count(*), sum(net) "
        f"FROM {current(TABLE)} GROUP BY ALL ORDER BY ALL",
    ) == [
        ("activity_en", "AUD", 2, Decimal(0)),
        ("activity_en", "EUR", 29, Decimal("43.34")),
        ("activity_en", "USD", 45, Decimal("1.90")),
        ("statement_en", "EUR", 8, Decimal(0)),
        ("statement_en", "USD", 11, Decimal("280.30")),
        ("statement_es", "EUR", 4, Decimal("131.08")),
    ]
    assert one(settings, "SELECT sum(breaks) FROM lake.raw.paypal_balance_checks") == 0
    assert quarantined(settings) == []
