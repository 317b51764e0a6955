"""MetaTrader 4 files: what the readers make of each layout, and how they are loaded."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ingestion.connectors.dropped_files import DroppedFile, TableRows, hash_of
from ingestion.connectors.mt4_files.connector import read_file
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt4_pages import (
    CANCELLED,
    CLOSED,
    ROWS,
    TOTALS,
    closed_row,
    raw_report,
    reworked,
    statement,
)
from warehouse.settings import SourceSettings


def read(folder: Path, name: str, content: str | bytes, **options: object) -> list[TableRows]:
    """What the reader makes of a file."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_file(DroppedFile(name, path, hash_of(path)), **options))  # type: ignore[arg-type]


def frame_of(tables: list[TableRows], position: int = -1) -> pl.DataFrame:
    """The rows of one of a file's tables."""
    frame = tables[position].frame
    assert frame is not None, tables[position].problems
    return frame


def refusal(tables: list[TableRows]) -> str:
    """Why a file was refused."""
    assert all(table.frame is None for table in tables)
    return " ".join(p.what for table in tables for p in table.problems if p.severity == "error")


def warnings(tables: list[TableRows]) -> str:
    """What was merely remarked."""
    return " ".join(p.what for table in tables for p in table.problems if p.severity == "warning")


def test_a_raw_report_that_ties_is_read_without_its_totals(tmp_path: Path) -> None:
    tables = read(tmp_path, "r.csv", raw_report())
    frame = frame_of(tables)
    assert warnings(tables) == ""
    assert frame["deal"].to_list() == ["501", "502", "503", "504", "505"]
    assert frame["open_time"][1] == "2026-10-05 03:22:09"
    assert frame["close_time"].to_list()[::3] == [None, None]
    assert frame["_source_row"].to_list() == [3, 4, 5, 6, 7]
    assert frame["comment"][4] == "from #498[sl]"


@pytest.mark.parametrize("change", [(ROWS[1], "33.60", "33.61"), (ROWS[4], "-0.10", "-0.11")])
def test_a_report_whose_totals_do_not_tie_is_refused(
    change: tuple[str, str, str], tmp_path: Path
) -> None:
    row, old, new = change
    changed = raw_report().replace(row, row.replace(old, new))
    why = refusal(read(tmp_path, "r.csv", changed))
    assert "totals in row 8 do not tie to its 5 rows" in why
    assert "161.05 against 161.06" in why or "-1.30 against -1.31" in why
    tables = read(tmp_path, "r.csv", changed, refuses_totals=False)
    assert frame_of(tables).height == 5
    assert "do not tie" in warnings(tables)


def test_a_report_that_lost_its_end_or_a_row_is_refused(tmp_path: Path) -> None:
    assert "cut off" in refusal(read(tmp_path, "r.csv", raw_report(totals=())))
    assert "do not tie to its 4 rows" in refusal(read(tmp_path, "r.csv", raw_report(*ROWS[:4])))
    wrong = raw_report().replace("33.60", "33,60")
    assert "row 4: Profit '33,60' is no number" in refusal(read(tmp_path, "r.csv", wrong))
    ragged = raw_report().replace("CRM-D-88123\r", "CRM-D-88123;more\r")
    assert "without 23 fields: 6" in refusal(read(tmp_path, "r.csv", ragged))
    renamed = raw_report().replace("Close Time", "Closed")
    assert "no column Close Time" in refusal(read(tmp_path, "r.csv", renamed))


def test_a_labelled_total_that_is_off_is_named(tmp_path: Path) -> None:
    totals = (*TOTALS[:4], TOTALS[4].replace("150.00", "140.00"), *TOTALS[5:])
    tables = read(tmp_path, "r.csv", raw_report(totals=totals))
    assert frame_of(tables).height == 5
    assert warnings(tables) == "r.csv: Deposit in row 12 is 140.00, the rows come to 150.00."


def test_a_quiet_day_is_an_empty_report(tmp_path: Path) -> None:
    totals = tuple(";".join("0.00" if n in range(16, 21) else "" for n in range(23)) for _ in "a")
    report = "\n".join([raw_report().splitlines()[0], raw_report().splitlines()[1], *totals])
    assert frame_of(read(tmp_path, "r.csv", report)).height == 0


def test_the_reworked_copy_has_its_currency_last_and_no_totals(tmp_path: Path) -> None:
    tables = read(tmp_path, "copy.csv", reworked())
    frame = frame_of(tables)
    assert warnings(tables) == ""
    assert set(frame["currency"]) == {"USC"}
    assert frame.height == 5
    odd = reworked().replace(",,USC", ",x,USC")
    assert "column 24 has values and no name" in warnings(read(tmp_path, "odd.csv", odd))
    extra = reworked().replace("Comment,,", "Comment,Desk,")
    assert "not loaded: Desk" in warnings(read(tmp_path, "extra.csv", extra))


def test_a_file_of_another_layout_is_none_of_ours(tmp_path: Path) -> None:
    assert read(tmp_path, "x.csv", "a,b\n1,2\n") == []
    assert read(tmp_path, "x.htm", "<html><body><table><tr><td>Hello</td></tr></table>") == []
    assert read(tmp_path, "x.htm", "") == []


def test_a_statement_is_read_section_by_section(tmp_path: Path) -> None:
    tables = read(tmp_path, "s.htm", statement())
    assert warnings(tables) == ""
    head, trades = frame_of(tables, 0), frame_of(tables)
    shown = head.select("login", "statement_at", "company", "currency", "leverage", "closed_pnl",
                        "balance", "deposit_withdrawal", "name").row(0)  # fmt: skip
    assert shown == (
        "9001", "2026-09-30 23:58:00", "Harbour Lane Markets", "USD", "1:100", "1000.00",
        "7777.77", "12000.00", "Ada Secret",
    )  # fmt: skip
    by_ticket = {row["ticket"]: row for row in trades.iter_rows(named=True)}
    assert [row["section"] for row in by_ticket.values()] == ["closed"] * 4 + ["open", "working"]
    assert (by_ticket["100"]["profit"], by_ticket["100"]["comment"]) == ("12000.00", "CRM-D-77001")
    # Its magic number and comment are on a second row, elsewhere behind the ticket.
    assert (by_ticket["101"]["magic"], by_ticket["101"]["comment"]) == ("4711", "from #99[tp]")
    assert by_ticket["101"]["profit"] == "1250.75"
    assert (by_ticket["104"]["magic"], by_ticket["104"]["comment"]) == ("77", "[sl]")
    # The second Price is that of the close.
    assert (by_ticket["101"]["open_price"], by_ticket["101"]["close_price"]) == ("1.1", "1.2")
    assert (by_ticket["103"]["outcome"], by_ticket["103"]["profit"]) == ("cancelled", None)
    assert (by_ticket["201"]["close_time"], by_ticket["201"]["swap"]) == (None, "-0.40")
    assert (by_ticket["301"]["close_price"], by_ticket["301"]["profit"]) == ("2655.00", None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (statement(result="1 000.01"), "come to 1000.00, the printed Closed P/L is 1 000.01"),
        (statement(*CLOSED[:4]), "come to 1249.00, the printed Closed P/L is 1 000.00"),
        (statement().split("<b>Closed P/L")[0], "was cut off"),
        (statement().split("<b>Summary")[0], "no Balance"),
        (statement().replace("1 250.75", "much"), "profit 'much' is no number"),
        (statement().replace("<td>Profit</td>", "<td>Result</td>"), "no column profit"),
        (statement().replace("<td colspan=4>cancelled", "<td colspan=3>cancelled"), "has 13 col"),
        (statement().replace("Account: 9001", "Account: ?"), "account number"),
    ],
)  # fmt: skip
def test_a_statement_that_cannot_be_whole_is_refused(text: str, why: str, tmp_path: Path) -> None:
    assert why in refusal(read(tmp_path, "s.htm", text))


def test_yen_empty_leverage_and_floating_results_that_do_not_tie(tmp_path: Path) -> None:
    yen = statement(
        closed_row(101, "0", "-12", "-1 004"), result="-1 016", currency="JPY", leverage="",
        floating="-99.00",
    )  # fmt: skip
    tables = read(tmp_path, "s.htm", yen)
    assert frame_of(tables, 0)["leverage"][0] is None
    assert frame_of(tables)["profit"][0] == "-1004"
    assert "come to -25.40, the printed Floating P/L is -99.00" in warnings(tables)


def test_character_sets_are_found_or_assumed_aloud(tmp_path: Path) -> None:
    text = statement(name="王小明")
    assert frame_of(read(tmp_path, "u.htm", text), 0)["name"][0] == "王小明"
    tables = read(tmp_path, "g.htm", text.encode("gbk"))
    assert frame_of(tables, 0)["name"][0] == "王小明"
    assert "was read as GB18030" in warnings(tables)
    told = statement(name="王小明", head='<meta charset="gb2312">').encode("gbk")
    assert warnings(read(tmp_path, "t.htm", told)) == ""
    named = read(tmp_path, "n.htm", text.encode("gbk"), encoding="gbk")
    assert warnings(named) == ""
    western = statement(name="J\xfcrgen").replace("&nbsp;", "\xa0").encode("cp1252")
    tables = read(tmp_path, "w.htm", western)
    assert frame_of(tables, 0)["closed_pnl"][0] == "1000.00"
    assert "cannot be read as ascii" in refusal(read(tmp_path, "a.htm", western, encoding="ascii"))
    assert read(tmp_path, "16.htm", text.encode("utf-16"))[0].frame is not None


def test_a_date_in_another_language_is_taken_from_the_rows(tmp_path: Path) -> None:
    tables = read(tmp_path, "s.htm", statement(date="2026 septiembre 30, 23:58"))
    assert frame_of(tables, 0)["statement_at"][0] == "2026-09-30 10:00:00"
    assert "date of the statement cannot be read" in warnings(tables)


def files(folder: Path, name: str = "mt4_files", tenant: str = "demo") -> SourceSettings:
    """A folder of MT4 files."""
    folder.mkdir(exist_ok=True)
    return SourceSettings(name=name, kind="mt4_files", path=folder, tenant=tenant)


def test_files_are_taken_once_and_late_changes_are_versions(home: Path, tmp_path: Path) -> None:
    source = files(tmp_path / "drop")
    drop = tmp_path / "drop"
    (drop / "1005.csv").write_text(raw_report(), "utf-8")
    (drop / "s.htm").write_text(statement(), "utf-8")
    (drop / "bad.csv").write_text(raw_report(*ROWS[:2]), "utf-8")
    settings = settings_for(home, source)
    report = sync_once(settings)
    assert report.failed
    assert one(settings, f"SELECT count(*) FROM {current('mt4_report_trades')}") == 5
    assert one(settings, f"SELECT count(*) FROM {current('mt4_statement_trades')}") == 6
    assert "Secret" not in str(rows(settings, "SELECT * FROM lake.raw.mt4_statements"))
    assert rows(settings, "SELECT name FROM lake.pii.mt4_statements") == [("Ada Secret",)]
    again = sync_once(settings).sources[0]
    assert (again.loads, again.new) == (0, 0)
    # The refused file is corrected: what it adds overlaps what is held, and one row was edited.
    edited = ROWS[1].replace(";33.60;", ";30.00;")
    totals = (TOTALS[0].replace("161.05", "157.45"), TOTALS[1].replace("13.40", "9.80"),
              TOTALS[2].replace("13.40", "9.80"), *TOTALS[3:])  # fmt: skip
    (drop / "bad.csv").write_text(raw_report(ROWS[0], edited, *ROWS[2:], totals=totals), "utf-8")
    (drop / "t.htm").write_text(statement(date="2026 October 31, 23:58"), "utf-8")
    report = sync_once(settings)
    assert not report.failed
    assert (report.sources[0].new, report.sources[0].changed) == (7, 1)
    assert one(settings, "SELECT count(*) FROM lake.raw.mt4_report_trades WHERE deal = 502") == 2
    # A printed statement stays what it was, however many follow.
    assert one(settings, f"SELECT count(*) FROM {current('mt4_statement_trades')}") == 12


def test_bad_rows_wait_in_quarantine_and_sources_stay_apart(home: Path, tmp_path: Path) -> None:
    one_source = files(tmp_path / "a")
    other = files(tmp_path / "b", "mt4_files_b", "white")
    strange = ROWS[2].replace("buy limit", "buy stop limit")
    late = ROWS[4].replace("2026.10.05 08:00:00", "yesterday")
    (tmp_path / "a" / "r.csv").write_text(raw_report(*ROWS[:2], strange, ROWS[3], late), "utf-8")
    (tmp_path / "b" / "r.csv").write_text(reworked(), "utf-8")
    settings = settings_for(home, one_source, other)
    sync_once(settings)
    found = rows(
        settings, "SELECT row_key, column_name, reason FROM lake.raw.quarantine ORDER BY 1"
    )
    assert [(key, column) for key, column, _ in found] == [("503", "type"), ("505", "open_time")]
    assert "r.csv row 5" in found[0][2]
    counts = f"SELECT _tenant_id, count(*) FROM {current('mt4_report_trades')} GROUP BY 1"
    assert rows(settings, f"{counts} ORDER BY 1") == [("demo", 3), ("white", 5)]
    (tmp_path / "a" / "r2.csv").write_text(raw_report(), "utf-8")
    sync_once(settings)
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    assert rows(settings, f"{counts} ORDER BY 1") == [("demo", 5), ("white", 5)]


def test_real_files(reference_data: Path, tmp_path: Path, home: Path) -> None:
    samples = reference_data / "sources/mt4"
    drop = tmp_path / "drop"
    source = files(drop)
    for path in samples.iterdir():
        if path.suffix in (".htm", ".csv"):
            (drop / path.name).symlink_to(path)
    settings = settings_for(home, source)
    report = sync_once(settings).sources[0]
    # An excerpt keeps the totals of the whole report: it is refused, and for that reason.
    errors = [problem.what for problem in report.problems if problem.severity == "error"]
    assert len(errors) == 1
    assert "do not tie to its 7 rows: Commission -106.13 against -0.69" in errors[0]
    closed = rows(
        settings,
        "SELECT s.login, s.closed_pnl::DOUBLE, sum(t.commission + t.taxes + t.swap + t.profit)"
        "::DOUBLE, s.balance::DOUBLE, count(*) FROM lake.raw.mt4_statements AS s JOIN "
        "lake.raw.mt4_statement_trades AS t USING (login, statement_at) WHERE t.section = 'closed' "
        "AND t.type IN ('buy', 'sell') GROUP BY ALL ORDER BY 1",
    )
    assert [line[:4] for line in closed] == [
        (1000000, -266.19, -266.19, 4731.27),
        (1000007, 45.74, 45.74, 1045.74),
        (1000000007, 8205.65, 8205.65, 94174.94),
    ]
    # Ten trades by the statement's own count.
    assert closed[1][4] == 10
    assert rows(
        settings,
        "SELECT count(*), count(*) FILTER (currency = 'USC'), sum(profit)::DOUBLE "
        "FROM lake.raw.mt4_report_trades",
    ) == [(12, 7, pytest.approx(12.28))]
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0
    again = sync_once(settings).sources[0]
    assert (again.loads, again.new) == (0, 0)


def test_a_cancelled_order_alone_comes_to_nothing(tmp_path: Path) -> None:
    assert frame_of(read(tmp_path, "s.htm", statement(CANCELLED, result="0.00"))).height == 3
