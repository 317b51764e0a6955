"""MT5 files by drop: the Manager's deals export and the terminal's Trade History Report."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingestion.checks import CheckedBatch, check_batch
from ingestion.connectors.dropped_files import DroppedFile
from ingestion.connectors.mt5_files.connector import read_file
from ingestion.problems import Problem
from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.mt5_reports import (
    DEAL_ROWS,
    DEALS,
    HEAD,
    HEADER,
    deal_row,
    export_text,
    report,
    write_xlsx,
)
from warehouse.settings import Settings, SourceSettings


class Drop:
    """A source of MT5 files with its folder."""

    def __init__(self, home: Path, folder: Path, **options: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.source = SourceSettings(
            name="mt5_desk", kind="mt5_files", path=folder, options=options
        )
        self.settings: Settings = settings_for(home, self.source)

    def sync(self) -> SourceReport:
        """One pass."""
        return sync_once(self.settings).sources[0]

    def export(self, name: str, deals: Sequence[Sequence[str]], encoding: str = "utf-16") -> None:
        """Drop a Manager export."""
        (self.folder / name).write_bytes(export_text(deals).encode(encoding))

    def deals(self) -> list[tuple[int, str]]:
        """(deal, profit) of what is held."""
        return rows(
            self.settings,
            f"SELECT deal, profit::DECIMAL(24, 2)::VARCHAR FROM {current('mt5_files_deals')} "
            "ORDER BY deal",
        )

    def checked(self) -> CheckedBatch:
        """The deals of the only file of the folder as the loader would take them, without it."""
        [path] = self.folder.iterdir()
        [table] = read_file(
            DroppedFile(path.name, path, ""), self.source.options.get("decimal_mark")
        )
        assert table.frame is not None
        return check_batch(table.contract, table.frame)

    def refusal(self) -> Problem:
        """Why the only file of the folder is not loaded, from its reader."""
        [path] = self.folder.iterdir()
        [refused] = read_file(
            DroppedFile(path.name, path, ""), server=self.source.options.get("server")
        )
        assert refused.frame is None
        [problem] = refused.problems
        assert problem.severity == "error"
        return problem


@pytest.fixture
def drop(home: Path, tmp_path: Path) -> Drop:
    """An empty folder."""
    return Drop(home, tmp_path / "drop")


def test_manager_exports_add_up_and_are_taken_once(drop: Drop) -> None:
    drop.export("2026-03-02.csv", [deal_row(n) for n in range(1, 6)])
    first = drop.sync()
    assert (first.new, first.problems) == (5, ())
    again = drop.sync()
    assert (again.loads, again.new, again.changed) == (0, 0, 0)
    # The next export overlaps; one of its deals was edited in the meantime.
    edited = deal_row(4, Profit="-3.25")
    drop.export("2026-03-03.csv", [deal_row(3), edited, deal_row(5), deal_row(6)])
    second = drop.sync()
    assert (second.new, second.changed, second.deleted) == (1, 1, 0)
    assert dict(drop.deals()) == dict.fromkeys((1, 2, 3, 5, 6), "12.50") | {4: "-3.25"}
    assert one(drop.settings, "SELECT count(*) FROM lake.raw.mt5_files_deals WHERE deal = 4") == 2


def test_a_manager_export_keeps_names_apart_and_says_where_each_deal_stood(drop: Drop) -> None:
    drop.export("deals.csv", [deal_row(7), deal_row(8, Type="balance", Entry="", Symbol="",
                Volume="", Price="", Profit="1 000.00", Reason="Dealer")])  # fmt: skip
    drop.sync()
    [held] = rows(
        drop.settings,
        "SELECT login, report, time::VARCHAR, type, entry, volume::VARCHAR, \"group\", "
        "commission::VARCHAR, _source_table, _source_row, _business_date::VARCHAR "
        f"FROM {current('mt5_files_deals')} WHERE deal = 7",
    )  # fmt: skip
    assert held == (700001, "manager_deals", "2026-03-02 10:07:00.25", "buy", "out", "0.10000000",
                    r"real\B-USD", "-0.70000000", "deals.csv", 2, "2026-03-02")  # fmt: skip
    assert dict(drop.deals())[8] == "1000.00"
    assert "Secret" not in str(rows(drop.settings, "SELECT * FROM lake.raw.mt5_files_deals"))
    assert rows(drop.settings, "SELECT deal, name FROM lake.pii.mt5_files_deals") == [
        (7, "Ada Secret"),
        (8, "Ada Secret"),
    ]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [
        ("utf-16", "\t"),
        ("utf-16-le", "\t"),
        ("utf-16-be", "\t"),
        ("utf-8", ","),
        ("utf-8-sig", ";"),
    ],
)
def test_every_way_to_write_the_text_gives_the_same_deals(
    drop: Drop, encoding: str, delimiter: str
) -> None:
    name = '"Jack, Jr; O\'Neil"' if delimiter != "\t" else 'Jack "Jr" O\'Neil'
    text = export_text([deal_row(1, Name=name), deal_row(2)], delimiter)
    (drop.folder / "deals.csv").write_bytes(text.encode(encoding))
    deals = drop.checked()
    assert deals.rejected.is_empty()
    assert deals.good["profit"].to_list() == [Decimal("12.5")] * 2
    assert "O'Neil" in deals.good["name"][0]


def test_a_line_break_inside_a_name_does_not_cut_its_row(drop: Drop) -> None:
    drop.export(
        "deals.csv",
        [
            deal_row(1),
            deal_row(2, Name="Ada\nSecret"),
            deal_row(3, Name="Ada\r\n\r\nSecret\nthe Third"),
            deal_row(4, Name='"Ada\nSecret"'),
            deal_row(5, Comment="first line\nsecond line"),
            deal_row(6),
        ],
    )
    done = drop.sync()
    assert dict(drop.deals()) == dict.fromkeys(range(1, 7), "12.50")
    [told] = done.problems
    assert told.severity == "warning"
    assert "had cut were joined: 3, 5, 9, 11 " in told.what
    assert rows(
        drop.settings,
        "SELECT deal, _source_row FROM lake.raw.mt5_files_deals ORDER BY deal",
    ) == [(1, 2), (2, 3), (3, 5), (4, 9), (5, 11), (6, 13)]
    assert rows(drop.settings, "SELECT name FROM lake.pii.mt5_files_deals ORDER BY deal")[1:4] == [
        ("Ada\nSecret",),
        ("Ada\n\nSecret\nthe Third",),
        ("Ada\nSecret",),
    ]


def test_a_row_that_fits_no_way_is_refused_by_its_number(drop: Drop) -> None:
    text = export_text([deal_row(1), deal_row(2, Name="Ada\nSecret\tmore")])
    (drop.folder / "deals.csv").write_bytes(text.encode("utf-16"))
    assert drop.refusal().what == "deals.csv row 3 has 21 fields, the header 20."


def test_a_file_that_ends_inside_a_row_or_a_character_is_refused(drop: Drop) -> None:
    whole = export_text([deal_row(1), deal_row(2)]).encode("utf-16")
    (drop.folder / "deals.csv").write_bytes(whole[:-60])
    assert "deals.csv breaks off in row 3" in drop.refusal().what
    (drop.folder / "deals.csv").write_bytes(whole[:-61])
    assert "in the middle of a character" in drop.refusal().what
    refused = drop.sync()
    assert (refused.new, [p.severity for p in refused.problems]) == (0, ["error"])
    assert drop.deals() == []
    (drop.folder / "deals.csv").write_bytes(whole)
    assert drop.sync().new == 2


def test_ids_that_a_spreadsheet_shortened_are_refused_not_guessed(drop: Drop) -> None:
    drop.export("deals.csv", [deal_row(1), deal_row(2, Deal="1.41E+08"), deal_row(3, Order="5e9")])
    problem = drop.refusal()
    assert "row 3 deal 1.41E+08; row 4 order 5e9 (2 in all)" in problem.what
    assert "original export" in problem.todo


def test_decimal_commas_are_told_from_thousands_by_the_whole_file(drop: Drop) -> None:
    comma = {"Volume": "0,10", "Price": "1,12345", "Commission": "-0,70", "Fee": "0,00",
             "Swap": "-0,10"}  # fmt: skip
    printed = ["1\u00a0234,50", "1.234,50", "1.234", "\u221212,5"]
    drop.export("deals.csv", [deal_row(n, **comma, Profit=text) for n, text in enumerate(printed)])
    deals = drop.checked().good
    assert [str(profit.normalize()) for profit in deals["profit"]] == [
        "1234.5", "1234.5", "1234", "-12.5",
    ]  # fmt: skip
    assert set(deals["price"]) == {Decimal("1.12345")}
    drop.export("deals.csv", [deal_row(5, Profit="1,234.50"), deal_row(6, Profit="1,234")])
    assert drop.checked().good["profit"].to_list() == [Decimal("1234.5"), Decimal(1234)]


def test_a_file_with_both_decimal_marks_is_refused(drop: Drop) -> None:
    drop.export("deals.csv", [deal_row(1), deal_row(2, Profit="12,5")])
    assert "decimal point (row 2 volume 0.10) and a decimal comma (row 3 profit 12,5)" in (
        drop.refusal().what
    )


def test_a_comma_that_may_be_either_needs_a_word_from_the_broker(
    home: Path, tmp_path: Path
) -> None:
    unclear = {"Volume": "1", "Price": "150,123", "Commission": "0", "Fee": "0", "Swap": "0",
               "Profit": "100"}  # fmt: skip
    drop = Drop(home, tmp_path / "drop")
    drop.export("deals.csv", [deal_row(1, **unclear)])
    problem = drop.refusal()
    assert "whether its comma is a decimal one (row 2 price 150,123)" in problem.what
    assert "options.decimal_mark" in problem.todo
    told = Drop(home, tmp_path / "drop", decimal_mark=",")
    assert told.checked().good["price"].to_list() == [Decimal("150.123")]
    wrong = Drop(home, tmp_path / "drop", decimal_mark="'").sync()
    assert "options.decimal_mark" in (wrong.error or "")


def test_totals_below_the_deals_are_compared_and_not_loaded(drop: Drop) -> None:
    def total(**fields: str) -> list[str]:
        blank = dict.fromkeys(HEADER, "")
        return list((blank | fields).values())

    deals = [deal_row(1), deal_row(2, Login="700002", Currency="USC", Profit="-900.00")]
    drop.export(
        "deals.csv",
        [
            *deals,
            total(Deal="Total", Profit="3.50"),
            ["Total", "", "2 deals"],
            total(Deal="2", Profit="3.50"),
            total(Currency="USD", Commission="-0.70", Swap="-0.10", Profit="12.50"),
            total(Currency="USC", Profit="-900.00"),
        ],
    )
    assert drop.sync().problems == ()
    assert len(drop.deals()) == 2
    drop.export("trimmed.csv", [deal_row(3), total(Deal="Total", Currency="USD", Profit="40.00")])
    [problem] = drop.sync().problems
    assert "trimmed.csv row 3" in problem.what
    assert "of USD: profit 40.00 printed, 12.5 summed" in problem.what
    assert len(drop.deals()) == 3


def test_rows_that_cannot_be_go_to_quarantine_until_they_are_delivered_right(drop: Drop) -> None:
    drop.export(
        "a.csv",
        [
            deal_row(1),
            deal_row(2, Profit="much"),
            deal_row(3, Time="02.03.2026 10:00"),
            deal_row(4, Type="gift"),
            deal_row(5, Symbol=""),
            deal_row(6, Entry=""),
            deal_row(7, Profit="1,23,4.5"),
        ],
    )
    assert drop.sync().quarantined == 6
    assert drop.deals() == [(1, "12.50")]
    refused = rows(
        drop.settings,
        "SELECT row_key, row_number, column_name, reason FROM lake.raw.quarantine ORDER BY 2",
    )
    assert [row[:3] for row in refused] == [
        ("700001/2/manager_deals", 3, "profit"),
        ("700001/3/manager_deals", 4, "time"),
        ("700001/4/manager_deals", 5, "type"),
        ("700001/5/manager_deals", 6, "symbol"),
        ("700001/6/manager_deals", 7, "entry"),
        ("700001/7/manager_deals", 8, "profit"),
    ]
    assert "Profit is not a DECIMAL(24,8) (a.csv row 3" in refused[0][3]
    assert "Secret" not in str(rows(drop.settings, "SELECT * FROM lake.raw.quarantine"))
    drop.export("b.csv", [deal_row(n) for n in range(2, 8)])
    assert drop.sync().new == 6
    assert one(drop.settings, "SELECT count(*) FROM lake.raw.quarantine") == 0


def test_a_missing_column_refuses_the_file_and_a_new_one_is_told(drop: Drop) -> None:
    at = HEADER.index("Profit")
    header = [*HEADER[:at], *HEADER[at + 1 :]]
    row = deal_row(1)
    text = export_text([[*row[:at], *row[at + 1 :]]], header=header)
    (drop.folder / "a.csv").write_bytes(text.encode("utf-16"))
    drop.export("b.csv", [deal_row(2)])
    done = drop.sync()
    assert [p.what for p in done.problems] == ["a.csv has no column Profit."]
    assert drop.deals() == [(2, "12.50")]
    text = export_text([[*deal_row(3), "x"]], header=[*HEADER, "Mood"])
    (drop.folder / "a.csv").write_bytes(text.encode("utf-16"))
    done = drop.sync()
    assert [(p.severity, p.what) for p in done.problems] == [
        ("warning", "a.csv has columns that are not loaded: Mood.")
    ]
    assert done.new == 1


def test_text_that_is_no_deals_export_is_refused_with_the_reason(drop: Drop) -> None:
    (drop.folder / "a.csv").write_bytes(export_text([deal_row(1, Name="Müller")]).encode("cp1252"))
    assert "a.csv row 2 is neither UTF-16 with a byte-order mark nor UTF-8" in drop.refusal().what
    (drop.folder / "a.csv").write_text("Ticket;Price\n1;2\n", "utf-8")
    assert "a.csv has no header with the columns deal, login, time" in drop.refusal().what
    (drop.folder / "a.csv").write_bytes(b"")
    assert "a.csv has no header" in drop.refusal().what
    (drop.folder / "a.csv").unlink()
    (drop.folder / "notes.pdf").write_bytes(b"%PDF")
    [problem] = drop.sync().problems
    assert "notes.pdf is no file of this source" in problem.what


def test_an_export_without_deals_is_no_error(drop: Drop) -> None:
    drop.export("deals.csv", [])
    done = drop.sync()
    assert (done.error, done.new, done.problems) == (None, 0, ())


def test_a_terminal_report_fills_every_table_and_ties(drop: Drop) -> None:
    write_xlsx(drop.folder / "report.xlsx", report())
    done = drop.sync()
    assert done.problems == ()
    counts = {
        table: one(drop.settings, f"SELECT count(*) FROM lake.raw.mt5_files_{table}")
        for table in ("deals", "positions", "orders", "open_positions", "working_orders", "reports")
    }
    assert counts == {"deals": 5, "positions": 1, "orders": 2, "open_positions": 1,
                      "working_orders": 1, "reports": 1}  # fmt: skip
    assert rows(
        drop.settings,
        "SELECT login, currency, platform_server, account_type, accounting_mode, company, "
        "reported_at::VARCHAR, equity::VARCHAR, margin_free::VARCHAR "
        "FROM lake.raw.mt5_files_reports",
    ) == [(57000001, "EUR", "Harbour-Live 2", "real", "Hedge", "Harbour Lane Ltd",
           "2026-03-06 18:14:00", "1407.67000000", "1300.00000000")]  # fmt: skip
    assert rows(
        drop.settings,
        "SELECT price_open::DOUBLE, price_close::DOUBLE, time_open::VARCHAR, time_close::VARCHAR "
        "FROM lake.raw.mt5_files_positions",
    ) == [(1.1234, 1.1334, "2026-03-02 10:00:00", "2026-03-03 11:00:00")]
    assert rows(
        drop.settings,
        "SELECT volume_initial::DOUBLE, volume_filled::DOUBLE, price::DOUBLE, is_market, state "
        "FROM lake.raw.mt5_files_orders ORDER BY 1",
    ) == [(0.1, 0.1, None, True, "filled"), (1.0, 0.0, 1.05, False, "canceled")]
    assert one(drop.settings, "SELECT max(_source_row) FROM lake.raw.mt5_files_deals") == 19
    assert "Secret" not in str(rows(drop.settings, "SELECT * FROM lake.raw.mt5_files_reports"))
    assert one(drop.settings, "SELECT name FROM lake.pii.mt5_files_reports") == "Ada Secret"
    assert drop.sync().loads == 0


def test_a_newer_report_of_the_account_adds_what_is_new(drop: Drop) -> None:
    write_xlsx(drop.folder / "1.xlsx", report())
    drop.sync()
    more = ["2026.03.05 12:00:00", 106, "USDJPY", "buy", "out", "1", 150.5, 206, 0, 0, -0.4, -230,
            1357.39]  # fmt: skip
    newer = report([*DEAL_ROWS, more], [None])
    newer[4] = ["Date:", None, None, "2026.03.07 18:14"]
    write_xlsx(drop.folder / "2.xlsx", newer)
    done = drop.sync()
    # The deal; the head of the report; what was open and waiting then.
    assert (done.new, done.changed) == (4, 0)
    assert "total net profit 87.29 printed, the trades come to -143.11" in done.problems[0].what
    assert len(drop.deals()) == 6


@pytest.mark.parametrize(
    ("at", "column", "value", "reason"),
    [
        (2, 11, 88.29, "report.xlsx row 17: Balance 1587.79 is not the balance before (1500.1)"),
        (1, 12, 1500.2, "report.xlsx row 16: Balance 1500.2"),
        (None, 0, 0, "row 16: Balance 1587.79 is not the balance before (1500.5)"),
    ],
)
def test_a_report_whose_balances_do_not_follow_is_refused(
    drop: Drop, at: int | None, column: int, value: float, reason: str
) -> None:
    deals = [list(row) for row in DEAL_ROWS]
    if at is None:
        del deals[1]  # a row is missing
    else:
        deals[at][column] = value
    write_xlsx(drop.folder / "report.xlsx", report(deals))
    assert reason in drop.refusal().what


def test_a_printed_total_that_is_not_the_sum_is_refused(drop: Drop) -> None:
    totals = [None] * 8 + [-0.7, -0.1, -1.2, 1140, 1587.79]
    write_xlsx(drop.folder / "report.xlsx", report(totals=totals))
    assert "row 20: Profit 1140 is printed under the deals, which come to 1139.29" in (
        drop.refusal().what
    )


def test_files_that_only_look_like_a_report_are_refused_with_the_reason(drop: Drop) -> None:
    path = write_xlsx(drop.folder / "report.xlsx", report())
    whole = path.read_bytes()
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    for content, reason in (
        (whole[: len(whole) // 2], "is cut off or damaged"),
        (whole[:2000] + b"\x00" * 40 + whole[2040:], "report.xlsx"),
        (ole + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (ole + "Workbook".encode("utf-16-le"), "is an xls, the format of Excel before 2007"),
        (b"<html><body>Trade History Report</body></html>", "is no xlsx, whatever its name says"),
        (b"", "is empty"),
    ):
        path.write_bytes(content)
        assert reason in drop.refusal().what
    without_profit = [name for name in DEALS if name != "Profit"]
    for sheet, reason in (
        ([["Strategy Tester Report"], ["Expert:", None, "x"]], "is no Trade History Report"),
        ([*HEAD[:2], ["Account:", None, None, "somebody"], *HEAD[3:]], "type, mode): somebody."),
        ([*HEAD, ["Deals"], without_profit], "section Deals, has no column Profit"),
        ([*HEAD, ["Deals"]], "breaks off under the title Deals"),
    ):
        write_xlsx(path, [*sheet, []])
        assert reason in drop.refusal().what
    write_xlsx(path, report())
    assert drop.sync().new == 11


def test_a_report_of_another_server_is_refused_where_the_source_names_its_own(
    home: Path, tmp_path: Path
) -> None:
    drop = Drop(home, tmp_path / "drop", server="Harbour-Live")
    write_xlsx(drop.folder / "report.xlsx", report())
    assert "is of server Harbour-Live 2, this source of Harbour-Live" in drop.refusal().what


def test_a_source_without_a_clock_is_refused(home: Path, tmp_path: Path) -> None:
    drop = Drop(home, tmp_path / "drop")
    source = drop.source.model_copy(update={"clock_zone": ""})
    done = sync_once(settings_for(home, source)).sources[0]
    assert "clock_zone is empty" in (done.error or "")


def test_two_desks_and_two_tenants_with_the_same_deals_stay_apart(
    home: Path, tmp_path: Path
) -> None:
    drops = [Drop(home, tmp_path / name) for name in ("one", "two", "three")]
    sources = [
        drops[0].source,
        drops[1].source.model_copy(update={"name": "mt5_other"}),
        drops[2].source.model_copy(update={"name": "mt5_third", "tenant": "white_label"}),
    ]
    for number, drop in enumerate(drops):
        drop.export("deals.csv", [deal_row(1, Profit=f"{number}.00"), deal_row(2)])
    settings = settings_for(home, *sources)
    assert [done.new for done in sync_once(settings).sources] == [2, 2, 2]
    drops[1].export("more.csv", [deal_row(1, Profit="7.00")])
    assert [done.changed for done in sync_once(settings).sources] == [0, 1, 0]
    assert rows(
        settings,
        "SELECT _tenant_id, _source, profit::INTEGER "
        f"FROM {current('mt5_files_deals')} WHERE deal = 1 ORDER BY 1, 2",
    ) == [("demo", "mt5_desk", 0), ("demo", "mt5_other", 7), ("white_label", "mt5_third", 2)]


@pytest.mark.parametrize("step", ["rows", "committed"])
def test_a_crash_inside_a_file_ends_in_the_same_rows(drop: Drop, step: str) -> None:
    write_xlsx(drop.folder / "report.xlsx", report())

    class CrashError(Exception):
        pass

    loads = 0

    def fault(name: str) -> None:
        nonlocal loads
        loads += name == step
        if name == step and loads == 3:
            raise CrashError

    with pytest.raises(CrashError):
        sync_once(drop.settings, fault=fault)
    assert one(drop.settings, "SELECT count(*) FROM lake.meta.files") == 0
    drop.sync()
    assert len(drop.deals()) == 5
    for table in ("deals", "positions", "orders", "open_positions", "working_orders", "reports"):
        assert one(drop.settings, f"SELECT count(*) = count(DISTINCT _row_id) AND count(*) > 0 "
                   f"AND count(*) <= 5 FROM lake.raw.mt5_files_{table}")  # fmt: skip
    assert one(drop.settings, "SELECT count(*) FROM lake.raw.superseded") == 0
    assert drop.sync().loads == 0


def test_the_real_report_loads_and_ties(drop: Drop, reference_data: Path) -> None:
    shutil.copy(reference_data / "sources/mt5/wizardhash2-ReportHistory.xlsx", drop.folder)
    done = drop.sync()
    assert (done.new, done.quarantined, done.problems) == (53, 0, ())
    assert rows(
        drop.settings,
        "SELECT count(*), sum(profit)::VARCHAR, min(balance)::VARCHAR, "
        "arg_max(balance, time)::VARCHAR, sum(profit) FILTER (type <> 'balance')::VARCHAR "
        "FROM lake.raw.mt5_files_deals",
    ) == [(18, "0.33000000", "0.94000000", "50.94000000", "-49.67000000")]
    assert rows(
        drop.settings,
        "SELECT currency, platform_server, account_type, accounting_mode, equity::VARCHAR "
        "FROM lake.raw.mt5_files_reports",
    ) == [("USD", "HFMarketsKE-Demo2", "demo", "Hedge", "48.57000000")]


def test_staging_prefers_the_export_and_gives_codes_and_utc(
    staged_home: Path, tmp_path: Path
) -> None:
    drop = Drop(staged_home, tmp_path / "drop")
    write_xlsx(drop.folder / "report.xlsx", report())
    drop.export("deals.csv", [
        deal_row(103, Login="57000001", Time="2026.03.03 11:00:00.125", Profit="89.29"),
        deal_row(900, Type="sell canceled", Entry="", Profit="0.00"),
        deal_row(901, Type="so compensation", Entry="", Symbol="", Volume="", Price=""),
        deal_row(902, Entry="out by", Time="2026.03.09 11:00:00"),
    ])  # fmt: skip
    assert drop.sync().quarantined == 0
    assert rows(
        drop.settings,
        "SELECT deal_id, source_report, action_code, entry_code, executed_at_utc::VARCHAR, "
        "position_id, is_cancelled FROM lake.staging.stg_mt5_files__deals "
        "WHERE deal_id IN (101, 103, 900, 901, 902) ORDER BY deal_id",
    ) == [
        (101, "terminal_history", 2, None, "2026-03-02 07:00:00", None, False),
        (103, "manager_deals", 0, 1, "2026-03-03 09:00:00.125", 4711, False),
        (900, "manager_deals", 14, None, "2026-03-02 08:00:00.25", 4711, True),
        (901, "manager_deals", 19, None, "2026-03-02 08:01:00.25", 4711, False),
        # New York is on summer time by then: three hours ahead of UTC.
        (902, "manager_deals", 0, 3, "2026-03-09 08:00:00", 4711, False),
    ]
    assert one(drop.settings, "SELECT count(*) FROM lake.staging.stg_mt5_files__deals") == 8
    assert rows(
        drop.settings,
        "SELECT side, closed_at_utc::VARCHAR, commission_amount::DOUBLE, account_currency "
        "FROM lake.staging.stg_mt5_files__positions",
    ) == [("buy", "2026-03-03 09:00:00", -0.8, "EUR")]
    for table, count in (
        ("orders", 2),
        ("open_positions", 1),
        ("working_orders", 1),
        ("reports", 1),
    ):
        assert (
            one(drop.settings, f"SELECT count(*) FROM lake.staging.stg_mt5_files__{table}") == count
        )
