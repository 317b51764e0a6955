"""What a mapping makes of a file: formats, numbers, signs, times, words; without a lake."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ingestion.connectors.psp.mapping_file import line_of, read_mapping
from tests.ingestion.psp_mappings import HEADER, checked, good, mapping, read, source
from warehouse.errors import SettingsError
from warehouse.settings import Settings

EXAMPLES = Path("ingestion/connectors/psp/examples")


def csv(tmp_path: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    """A CSV file."""
    path = tmp_path / "one.csv"
    path.write_bytes("\n".join((header, *lines, "")).encode(encoding))
    return path


def refused(path: Path, options: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Row, column and reason of the rows that do not pass."""
    rejected = checked(path, options).rejected
    return rejected.select("row_number", "column_name", "reason").rows()


def test_words_are_translated_and_unknown_ones_quarantined_by_name(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "1,IN, done ,eur,10.00,0.10,2026-10-28 08:00:00,,",
        "2,in,Melted,EUR,10.00,0.10,2026-10-28 08:00:00,,",
        "3,gift,Done,EUR,10.00,0.10,2026-10-28 08:00:00,,",
        "4,in,,EUR,10.00,0.10,2026-10-28 08:00:00,,",
    )
    assert good(path, mapping(), "event_id", "event_type", "status", "source_status") == [
        ("1", "deposit", "settled", "done")
    ]
    told = refused(path, mapping())
    assert [(row, column) for row, column, _ in told] == [
        (3, "status"),
        (4, "event_type"),
        (5, "status"),
    ]
    assert "does not say what status 'Melted' means: add it to [statuses]" in told[0][2]
    assert "event type 'gift'" in told[1][2]


@pytest.mark.parametrize(
    ("numbers", "text", "expected"),
    [
        ({}, "1058.09", "1058.09000000"),
        ({}, "−5", "-5.00000000"),
        ({}, "+5", "5.00000000"),
        ({"thousands": ","}, '"1,058,000.09"', "1058000.09000000"),
        ({"decimal": ",", "thousands": "."}, '"-4.654,44"', "-4654.44000000"),
        ({"decimal": ",", "thousands": "\u00a0"}, '"4\u00a0654,44"', "4654.44000000"),
        ({}, "1,058.09", None),
        # Under a comma mapping this is no hundred and fifty.
        ({"decimal": ",", "thousands": "."}, "1.50", None),
        ({"decimal": ","}, "1.50", None),
        ({}, "1e3", None),
        ({}, "0.123456789012345678", "0.12345679"),
        ({"unit": "minor"}, "105809", "1058.09000000"),
        ({"unit": "minor"}, "-5", "-0.05000000"),
        ({"unit": "minor"}, "10.5", None),
        ({"unit": "minor", "minor_units": {"EUR": 0}}, "105809", "105809.00000000"),
    ],
)
def test_numbers(tmp_path: Path, numbers: dict[str, Any], text: str, expected: str | None) -> None:
    shown = text if text.startswith('"') else f'"{text}"'
    path = csv(tmp_path, f"1,in,Done,EUR,{shown},,2026-10-28 08:00:00,,")
    options = mapping(numbers=numbers)
    if expected is None:
        [(row, column, reason)] = refused(path, options)
        assert (row, column) == (2, "gross_amount")
        assert reason.startswith("amount is not a DECIMAL")
    else:
        assert good(path, options, "gross_amount") == [(expected,)]


def test_an_exact_amount_is_kept_beside_a_rounded_one(tmp_path: Path) -> None:
    path = csv(tmp_path, "1,in,Done,ETH,0.123456785,,2026-10-28 08:00:00,,")
    assert good(path, mapping(), "gross_amount", "gross_amount_exact") == [
        ("0.12345679", "0.123456785")
    ]
    assert "more than 8 decimals" in read(path, mapping()).problems[0].what


def test_minor_units_of_each_currency(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "1,in,Done,JPY,500,1,2026-10-28 08:00:00,,",
        "2,in,Done,KWD,500,1,2026-10-28 08:00:00,,",
        "3,in,Done,QQQ,500,1,2026-10-28 08:00:00,,",
    )
    options = mapping(numbers={"unit": "minor"})
    assert good(path, options, "gross_amount", "fee_amount") == [
        ("500.00000000", "1.00000000"),
        ("0.50000000", "0.00100000"),
    ]
    assert [(row, column) for row, column, _ in refused(path, options)] == [(4, "gross_amount")]
    [shown] = checked(path, options).rejected["row_json"]
    assert "500 (no decimals known of QQQ: add them to [numbers.minor_units])" in shown


def test_signs_by_type_and_by_columns(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "1,in,Done,EUR,10,1,2026-10-28 08:00:00,,",
        "2,out,Done,EUR,10,1,2026-10-28 08:00:00,,",
        "3,out,Done,EUR,-10,1,2026-10-28 08:00:00,,",
        "4,fix,Done,EUR,3,,2026-10-28 08:00:00,,",
    )
    options = mapping(sign={"rule": "by_type", "directions": {"fix": "out"}, "fees": "negative"})
    assert good(path, options, "gross_amount", "fee_amount") == [
        ("10.00000000", "-1.00000000"),
        ("-10.00000000", "-1.00000000"),
        ("-10.00000000", "-1.00000000"),
        ("-3.00000000", None),
    ]
    halves = csv(
        tmp_path,
        "1,in,Done,EUR,,10.50,1,0.5,2026-10-28 08:00:00",
        "2,out,Done,EUR,4,0,,,2026-10-28 08:00:00",
        "3,out,Done,EUR,,,,,2026-10-28 08:00:00",
        header="id,type,state,ccy,out,in,fee,scheme,time",
    )
    options = mapping(
        columns={"gross_amount": None, "debit_amount": "out", "credit_amount": "in",
                 "fee_amounts": ["fee", "scheme"], "batch_id": None, "payer_email": None},
        sign={"rule": "debit_credit"},
    )  # fmt: skip
    assert good(halves, options, "gross_amount", "fee_amount") == [
        ("10.50000000", "1.50000000"),
        ("-4.00000000", None),
    ]
    assert [row for row, _, _ in refused(halves, options)] == [4]


def test_net_that_is_not_gross_less_fee_is_refused(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "1,in,Done,EUR,10.00,0.10,9.90,EUR,2026-10-28 08:00:00",
        "2,in,Done,EUR,10.00,0.10,9.91,EUR,2026-10-28 08:00:00",
        "3,in,Done,EUR,10.00,0.10,11.20,USD,2026-10-28 08:00:00",
        header="id,type,state,ccy,amount,fee,net,netccy,time",
    )
    columns = {"net_amount": "net", "net_currency": "netccy", "batch_id": None, "payer_email": None}
    assert [row for row, _, _ in refused(path, mapping(columns=columns))] == [3]
    assert (
        len(good(path, mapping(columns=columns, numbers={"check_net": False}), "net_amount")) == 3
    )


@pytest.mark.parametrize(
    ("time", "text", "expected"),
    [
        ({"formats": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}, "28.10.2026 09:05",
         ("2026-10-28 09:05:00.000000", "Europe/Berlin")),
        ({"formats": ["%d %b %y", "%d/%m/%Y"], "zone": "UTC"}, "28 Oct 26",
         ("2026-10-28 00:00:00.000000", "UTC")),
        ({"formats": "%Y-%m-%dT%H:%M:%S%z", "zone": None}, "2026-10-28T09:05:00+0200",
         ("2026-10-28 07:05:00.000000", "UTC")),
        ({"formats": "epoch_seconds", "zone": None}, "1793174400",
         ("2026-10-28 08:00:00.000000", "UTC")),
        ({"formats": "%d/%m/%Y", "zone": "UTC"}, "2026-10-28", None),
        ({"formats": "%d/%m/%Y", "zone": "UTC"}, "10/28/2026", None),
    ],
)  # fmt: skip
def test_times(
    tmp_path: Path, time: dict[str, Any], text: str, expected: tuple[str, str] | None
) -> None:
    path = csv(tmp_path, f"1,in,Done,EUR,10,,{text},,")
    if expected is None:
        [(_, column, reason)] = refused(path, mapping(time=time))
        assert (column, reason.split(" (")[0]) == ("event_at", "time is not a TIMESTAMP")
    else:
        assert good(path, mapping(time=time), "event_at", "event_zone") == [expected]


def test_a_zone_of_each_row(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "1,in,Done,EUR,10,2026-10-28 08:00:00,CET",
        "2,in,Done,EUR,10,2026-10-28 08:00:00,Asia/Tokyo",
        "3,in,Done,EUR,10,2026-10-28 08:00:00,Middle-earth",
        header="id,type,state,ccy,amount,time,zone",
    )
    options = mapping(
        columns={"event_zone": "zone", "fee_amounts": None, "batch_id": None, "payer_email": None},
        time={"zone": None, "zones": {"CET": "Europe/Paris"}},
    )
    assert good(path, options, "event_zone") == [("Europe/Paris",), ("Asia/Tokyo",)]
    assert "no time zone is called 'Middle-earth'" in refused(path, options)[0][2]


def test_lines_above_totals_below_and_several_columns_for_an_id(tmp_path: Path) -> None:
    text = (
        "Account statement\r\nPeriod;October\r\nid;type;state;ccy;amount;time;note\r\n"
        '1;in;Done;EUR;"10,5";2026-10-28 08:00:00;"a\r\nb"\r\n'
        "1;out;Done;EUR;-2;2026-10-28 08:00:00;\r\nTotal;8,5\r\n"
    )
    path = tmp_path / "one.csv"
    path.write_bytes(text.encode("utf-16"))
    options = mapping(
        file={"encoding": "utf-16", "delimiter": ";", "skip_lines": 2, "footer_rows": 1},
        numbers={"decimal": ","},
        columns={"event_id": ["id", "type"], "fee_amounts": None, "batch_id": None,
                 "payer_email": None, "details": "note"},
    )  # fmt: skip
    assert good(path, options, "event_id", "gross_amount", "_source_row") == [
        ("1/in", "10.50000000", 4),
        ("1/out", "-2.00000000", 6),
    ]


def test_json_forms_and_spreadsheets_say_the_same(tmp_path: Path) -> None:
    bare = {"batch_id": None, "payer_email": None, "fee_amounts": None}
    listed = {"data": {"items": [
        {"id": 1, "type": "in", "state": "Done", "value": {"ccy": "EUR", "amount": 0.1},
         "time": "2026-10-28 08:00:00"},
        {"id": 2, "type": "out", "state": "Open", "value": {"ccy": "EUR", "amount": "-7.25"},
         "time": "2026-10-28 09:00:00"},
    ]}}  # fmt: skip
    (tmp_path / "one.json").write_text(json.dumps(listed), "utf-8")
    (tmp_path / "one.txt").write_text(
        "id=1&type=in&state=Done&ccy=EUR&amount=0.1&time=2026-10-28.08%3A00%3A00\n\n"
        "id=2&type=out&state=Open&ccy=EUR&amount=-7.25&time=2026-10-28.09%3A00%3A00&x=\n",
        "utf-8",
    )
    book = Workbook()
    book.create_sheet("Lines")
    sheet = book["Lines"]
    sheet.append(["id", "type", "state", "ccy", "amount", "time", None])
    sheet.append([1, "in", "Done", "EUR", 0.1, dt.datetime(2026, 10, 28, 8)])
    sheet.append([2, "out", "Open", "EUR", -7.25, dt.datetime(2026, 10, 28, 9)])
    book.save(tmp_path / "one.xlsx")
    expected = [
        ("1", "deposit", "0.10000000", "2026-10-28 08:00:00.000000", "settled"),
        ("2", "withdrawal", "-7.25000000", "2026-10-28 09:00:00.000000", "pending"),
    ]
    wanted = ("event_id", "event_type", "gross_amount", "event_at", "status")
    as_json = mapping(
        file={"format": "json", "records": "data.items"},
        columns=bare | {"gross_currency": "value.ccy", "gross_amount": "value.amount"},
    )
    form = mapping(file={"format": "form"}, columns=bare, time={"formats": "%Y-%m-%d.%H:%M:%S"})
    xlsx = mapping(
        file={"format": "xlsx", "sheet": "Lines"}, columns=bare, time={"formats": "%d/%m/%Y"}
    )
    for name, options in (("one.json", as_json), ("one.txt", form), ("one.xlsx", xlsx)):
        assert good(tmp_path / name, options, *wanted) == expected, name
    xlsx["file"]["sheet"] = "Pages"
    told = read(tmp_path / "one.xlsx", xlsx).problems[0].what
    assert "has no sheet Pages, only Sheet, Lines" in told


@pytest.mark.parametrize(
    ("lines", "changes", "told"),
    [
        (["1,in"], {}, "rows without 9 fields: 2 (1 in all)"),
        ([], {"header": "id,type,state,ccy,amount,time,batch,mail"}, "has no column fee"),
        ([], {"header": "id,id,type,state,ccy,amount,fee,time,batch,mail"}, "twice: id"),
        (["1,in,Done,EUR,1,,2026-10-28 08:00:00,,\xfc"], {"encoding": "latin-1"}, "not utf-8"),
        (['1,"in,Done'], {}, "is not CSV"),
        ([], {"footer": 2}, "file.footer_rows of the mapping says"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_mapped_is_refused(
    tmp_path: Path, lines: list[str], changes: dict[str, Any], told: str
) -> None:
    path = csv(
        tmp_path, *lines, header=changes.get("header", HEADER),
        encoding=changes.get("encoding", "utf-8"),
    )  # fmt: skip
    table = read(path, mapping(file={"footer_rows": changes.get("footer", 0)}))
    assert table.frame is None
    assert told in table.problems[0].what


def test_columns_nobody_mapped_are_named(tmp_path: Path) -> None:
    path = csv(tmp_path, header=f"{HEADER},Balance,IP")
    assert "not loaded: Balance, IP" in read(path, mapping()).problems[0].what
    assert not read(path, mapping(file={"ignored_columns": ["balance", "I*"]})).problems


def test_a_wrong_mapping_names_key_and_line(tmp_path: Path) -> None:
    text = (EXAMPLES / "wallet_like_skrill.toml").read_text("utf-8")
    wrong = (
        text.replace('format = "csv"', 'format = "cvs"')
        .replace('zone = "UTC"', 'zone = "Berlin"')
        .replace('pending = "pending"', 'pending = "waiting"')
        .replace('status = "Status"', 'state = "Status"')
    )
    path = tmp_path / "mapping.toml"
    path.write_text(wrong, "utf-8")
    settings = Settings(home=tmp_path / "home", config_path=tmp_path / "daybook.toml")
    with pytest.raises(SettingsError) as caught:
        read_mapping(settings, source(tmp_path, {"mapping": "mapping.toml"}))
    for key, line in (
        ("file.format", 'format = "cvs"'),
        ("time.zone", 'zone = "Berlin"'),
        ("statuses.pending", 'pending = "waiting"'),
        ("columns.state", 'state = "Status"'),
    ):
        number = wrong.split("\n").index(line) + 1
        assert f"{key} (line {number})" in caught.value.what


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"time": {"zone": None}}, "the time zone is not stated"),
        ({"statuses": {"done": "settled"}}, "statuses maps twice: done"),
        ({"sign": {"rule": "by_type"}}, "sign.directions must say in or out"),
        ({"sign": {"rule": "debit_credit"}}, "needs columns.debit_amount"),
        ({"columns": {"status": None}}, "columns.status or constants.status is needed"),
        ({"constants": {"status": "settled"}}, "not both"),
        ({"columns": {"value_date": "vd"}}, "columns.value_date needs time.value_date_formats"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"mapping": "x.toml"}, "gives a mapping file and parts of a mapping"),
    ],
)
def test_a_mapping_must_say_everything_and_once(
    tmp_path: Path, parts: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_mapping(Settings(home=tmp_path), source(tmp_path, mapping(**parts)))
    assert told in caught.value.what


def test_lines_of_keys() -> None:
    text = 'a = 1\n[b]\n"x y" = 2\nc.d = 3\n[e.f]\ng = { h = 4 }\n'
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("b", "x y")) == 3
    assert line_of(text, ("b", "c", "d")) == 4
    assert line_of(text, ("e", "f", "g", "h")) == 6
    assert line_of(text, ("b", "missing")) == 2
    assert line_of(text, ("missing",)) == 0


def test_the_wallet_example_reads_a_wallets_history(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        "ID,Time (UTC),Type,Transaction Details,[-],[+],Status,Balance,Currency,Reference\n"
        "90,28 Oct 26 08:05,Receive Money,ada@secret.example,,\"1,000.00\",processed,1000,EUR,77\n"
        "90,28 Oct 26 08:05,Fee,,19.00,,processed,981,EUR,\n"
        "91,29 Oct 26 09:00,Withdraw,,981.00,,processed,0,EUR,\n",
        "utf-8",
    )  # fmt: skip
    options = {"mapping": str((EXAMPLES / "wallet_like_skrill.toml").resolve())}
    assert good(path, options, "event_id", "parent_id", "event_type", "gross_amount") == [
        ("90/Receive Money", "90", "deposit", "1000.00000000"),
        ("90/Fee", "90", "fee", "-19.00000000"),
        ("91/Withdraw", "91", "payout", "-981.00000000"),
    ]


def test_the_orchestrator_example_reads_attempts(tmp_path: Path) -> None:
    attempt = {
        "tid": 5, "trace_id": 3, "order_id": "700123", "cid": "C1", "processor": "cardworks",
        "transaction_type": "sale", "transaction_status": "rejected", "currency": "EUR",
        "amount": 10050, "conversion_rate": 1.1, "processed_currency": "USD",
        "processed_amount": 11055, "payment_method": "card", "created_timestamp": 1793174400,
        "card": {"card_number": "411111******1111"}, "unmapped": 1,
    }  # fmt: skip
    path = tmp_path / "report.json"
    approved = attempt | {"tid": 6, "transaction_status": "approved", "processor": "otherpay"}
    path.write_text(json.dumps({"transactions": [attempt, approved]}), "utf-8")
    options = {"mapping": str((EXAMPLES / "orchestrator_like_praxis.toml").resolve())}
    assert good(
        path, options, "psp_account", "event_id", "status", "gross_amount", "net_amount", "event_at"
    ) == [
        ("cardworks", "5", "declined", "100.50000000", "110.55000000",
         "2026-10-28 08:00:00.000000"),
        ("otherpay", "6", "approved", "100.50000000", "110.55000000",
         "2026-10-28 08:00:00.000000"),
    ]  # fmt: skip
