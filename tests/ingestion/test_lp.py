"""Liquidity providers: mapped CSV files, statements and FIX drop copies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pytest

from ingestion.checks import check_batch
from ingestion.connectors.dropped_files import DroppedFile
from ingestion.connectors.lp.connector import read_file
from ingestion.connectors.lp.mapping import mapping_of
from ingestion.problems import Problem
from ingestion.reports import SourceReport
from ingestion.sync import sync_once
from tests.ingestion.exports import settings_for
from tests.ingestion.fix_logs import SOH, fill, message, other
from tests.ingestion.lake import current, one, rows
from warehouse.errors import SettingsError
from warehouse.settings import Settings, SourceSettings

ALPHA = """
[[files]]
names = "fills_*.csv"
holds = "fills"
delimiter = ";"
skip_lines = 1
decimal_mark = ","
time_format = "%d.%m.%Y %H:%M:%S"
time_zone = "Europe/London"
volume_unit = "lots"
units_per_lot = { default = 100000, XAUUSD = 100 }
negated = ["commission"]
ignored = ["Internal*"]
[files.columns]
fill_id = "Exec ID"
executed_at = ["Date", "Time"]
symbol = "Instrument"
side = "B/S"
quantity = "Lots"
price = "Rate"
commission = "Comm"
kind = "State"
[files.values]
account = "HL-1"
currency = "USD"
[files.words.side]
Achat = "buy"
Vente = "sell"
[files.words.kind]
Done = "trade"
Busted = "cancel"

[[files]]
names = ["statement*.csv", "eod*.csv"]
holds = "statement"
date_format = "%Y%m%d"
lines_are_complete = true
[files.columns]
line_id = ["Day", "Type", "Instrument"]
booked_on = "Day"
line_type = "Type"
symbol = "Instrument"
amount = "Amount"
currency = "Ccy"
account = "Account"
[files.words.line_type]
BOD = "opening_balance"
EOD = "closing_balance"
EQ = "equity"
COMM = "commission"
FIN = "swap"
PNL = "trade_pnl"

[[files]]
names = "balance*.csv"
holds = "balances"
decimal_mark = ","
delimiter = "\\t"
[files.columns]
balance_date = "Date"
currency = "Currency"
closing_balance = "Balance"
margin_used = "Margin"
"""

FILLS = """\
Harbour Lane fills of 2 July 2026
Exec ID;Date;Time;Instrument;B/S;Lots;Rate;Comm;State;Internal ref
1;02.07.2026;10:00:00;EURUSD;Achat;1,5;1,10215;5,25;Done;x
2;02.07.2026;10:00:01;XAUUSD;Vente;2;2\u00a0345,60;0;Done;y
3;02.07.2026;23:30:00;EURUSD;achat;0,1;1.234,5;-1;Done;
"""

STATEMENT = """\
Day,Account,Type,Instrument,Amount,Ccy
20260702,HL-1,BOD,,1000.00,USD
20260702,HL-1,COMM,EURUSD,-5.25,USD
20260702,HL-1,COMM,EURUSD,-5.25,USD
20260702,HL-1,FIN,EURUSD,-1.10,USD
20260702,HL-1,PNL,XAUUSD,20.00,USD
20260702,HL-1,EOD,,1008.40,USD
20260702,HL-1,EQ,,1010.00,USD
20260702,HL-1,BOD,,50,EUR
20260702,HL-1,EOD,,50,EUR
"""


@dataclass(frozen=True)
class Checked:
    """Good rows, refused rows and what was told of the file."""

    good: pl.DataFrame
    rejected: pl.DataFrame
    problems: list[str]

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of the good rows; numbers as floats, moments as texts."""
        plain = self.good.select(
            cs.by_name(*columns, require_all=True),
        ).with_columns(cs.decimal().cast(pl.Float64), cs.temporal().cast(pl.String))
        return plain.select(columns).rows()


class Provider:
    """A provider with its folder and mapping."""

    def __init__(self, home: Path, folder: Path, mapping: str | None = ALPHA) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        options: dict[str, Any] = {}
        if mapping is not None:
            path = folder.parent / "mapping.toml"
            path.write_text(mapping, "utf-8")
            options["mapping"] = str(path)
        self.source = SourceSettings(name="lp_alpha", kind="lp", path=folder, options=options)
        self.settings: Settings = settings_for(home, self.source)

    def write(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        """Drop a file."""
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def log(self, name: str, *messages: str, end: str = "\n") -> Path:
        """Drop a FIX log, a message a line."""
        return self.write(name, "\n".join(messages) + end)

    def sync(self) -> SourceReport:
        """One pass."""
        return sync_once(self.settings).sources[0]

    def checked(self, name: str) -> dict[str, Checked]:
        """What the loader would take of a file, by table, without it."""
        path = self.folder / name
        mapping = mapping_of(self.source, self.settings)
        found: dict[str, Checked] = {}
        for table in read_file(DroppedFile(name, path, ""), mapping):
            assert table.frame is not None
            batch = check_batch(table.contract, table.frame)
            whats = [problem.what for problem in table.problems]
            found[table.contract.table] = Checked(batch.good, batch.rejected, whats)
        return found

    def refusal(self, name: str) -> Problem:
        """Why a file is not loaded, from its reader."""
        path = self.folder / name
        mapping = mapping_of(self.source, self.settings)
        [refused] = read_file(DroppedFile(name, path, ""), mapping)
        assert refused.frame is None
        [problem] = refused.problems
        assert problem.severity == "error"
        return problem

    def fills(self, columns: str = "fill_id, kind, quantity::INTEGER") -> list[tuple[Any, ...]]:
        """The current rows of lp_fills."""
        return rows(
            self.settings,
            f"SELECT {columns} FROM {current('lp_fills')} ORDER BY executed_on, fill_id",
        )


@pytest.fixture
def alpha(home: Path, tmp_path: Path) -> Provider:
    """A provider with a mapping for each kind of file."""
    return Provider(home, tmp_path / "drop")


@pytest.fixture
def beta(home: Path, tmp_path: Path) -> Provider:
    """A provider that sends drop copies only."""
    return Provider(home, tmp_path / "drop", mapping=None)


def test_fills_of_a_mapped_file_are_loaded_as_the_mapping_says(alpha: Provider) -> None:
    alpha.write("fills_0702.csv", FILLS)
    done = alpha.sync()
    assert (done.new, done.problems) == (3, ())
    assert alpha.fills(
        "fill_id, executed_on::VARCHAR, executed_at::VARCHAR, time_zone, symbol, side, "
        "quantity::DOUBLE, volume_unit, units_per_lot::INTEGER, price::DOUBLE, "
        "commission::DOUBLE, commission_currency, account, _source_row"
    ) == [
        ("1", "2026-07-02", "2026-07-02 10:00:00", "Europe/London", "EURUSD", "buy", 1.5, "lots",
         100000, 1.10215, -5.25, "USD", "HL-1", 3),
        ("2", "2026-07-02", "2026-07-02 10:00:01", "Europe/London", "XAUUSD", "sell", 2.0, "lots",
         100, 2345.6, 0.0, "USD", "HL-1", 4),
        ("3", "2026-07-02", "2026-07-02 23:30:00", "Europe/London", "EURUSD", "buy", 0.1, "lots",
         100000, 1234.5, 1.0, "USD", "HL-1", 5),
    ]  # fmt: skip
    assert alpha.sync().loads == 0
    # The next day's file repeats one fill, takes one back and has a new one.
    later = FILLS.splitlines()[:3]
    later += [
        "2;02.07.2026;10:00:01;XAUUSD;Vente;2;2345,60;0;Busted;y",
        "1;03.07.2026;09:00:00;EURUSD;Vente;1;1,1;3,50;Done;z",
    ]
    alpha.write("fills_0703.csv", "\n".join(later) + "\n")
    second = alpha.sync()
    assert (second.new, second.changed, second.held) == (1, 1, 1)
    assert alpha.fills() == [
        ("1", "trade", 2), ("2", "cancel", 2), ("3", "trade", 0), ("1", "trade", 1),
    ]  # fmt: skip


def test_what_does_not_fit_the_mapping_is_quarantined_until_it_does(alpha: Provider) -> None:
    good = FILLS.splitlines()[2]
    bad = [
        good.replace("1;02.07", "4;2026-07-02 ", 1),
        good.replace("1;02", "5;02", 1).replace("Achat", "Kauf"),
        good.replace("1;02", "6;02", 1).replace("1,5;", "1.5;"),
        good.replace("1;02", "7;02", 1).replace("1,5;", "0;"),
        good.replace("1;02", "8;02", 1).replace("1,10215", ""),
    ]
    alpha.write("fills_1.csv", "\n".join([*FILLS.splitlines()[:2], good, *bad]) + "\n")
    assert alpha.sync().quarantined == 5
    assert alpha.fills() == [("1", "trade", 2)]
    refused = rows(
        alpha.settings,
        "SELECT row_number, column_name, reason FROM lake.raw.quarantine ORDER BY 1",
    )
    assert [row[:2] for row in refused] == [
        (4, "executed_on"), (5, "side"), (6, "quantity"), (7, "quantity"), (8, "price"),
    ]  # fmt: skip
    assert "fills_1.csv row 7" in refused[3][2]
    right = [good.replace("1;02", f"{n};02", 1) for n in (5, 6, 7, 8)]
    alpha.write("fills_2.csv", "\n".join([*FILLS.splitlines()[:2], *right]) + "\n")
    assert alpha.sync().new == 4
    assert rows(alpha.settings, "SELECT row_number FROM lake.raw.quarantine") == [(4,)]


def test_files_that_the_mapping_cannot_read_are_refused_by_name(alpha: Provider) -> None:
    for text, reason in (
        (FILLS.replace("Rate", "Price"), "fills_1.csv has no column Rate."),
        (FILLS.replace(";Done;y", ";Done"), "rows without 10 fields: 4 (1 in all)"),
        (FILLS[:-8], "rows without 10 fields: 5 (1 in all)"),
        (FILLS.replace("Comm", "Rate"), "names columns twice: Rate"),
        (FILLS.replace("\n2;", "\n1.23457E+12;"), "row 4 fill_id 1.23457E+12 (1 in all)"),
        ("", "has no header in line 2"),
        (FILLS.replace("1,5;", '"1,5;'), "is no CSV"),
    ):
        alpha.write("fills_1.csv", text)
        assert reason in alpha.refusal("fills_1.csv").what
    alpha.write("fills_1.csv", FILLS.replace("Achat", "Achât"), "latin-1")
    assert "fills_1.csv row 3 is not utf-8-sig" in alpha.refusal("fills_1.csv").what
    alpha.write("fills_1.csv", FILLS.replace("Internal ref", "Mood"))
    alpha.write("notes.txt", "hello")
    done = alpha.sync()
    assert [(p.severity, p.what) for p in done.problems] == [
        ("warning", "fills_1.csv has columns that are not loaded: Mood."),
        ("warning", "notes.txt is no file of this source: its layout is not known."),
    ]
    assert done.new == 3
    alpha.write("fills_2.csv", "\n".join(FILLS.splitlines()[:2]) + "\n")
    assert alpha.sync().new == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('price = "Rate"\n', "", "files.0: holds fills: no column is given for price"),
        ('price = "Rate"', 'price = "Rate"\nmood = "Mood"', "no such columns: mood"),
        ('time_zone = "Europe/London"', "", "state the time_zone of its times"),
        ("Europe/London", "Europe/Harbour", "Europe/Harbour is no IANA zone"),
        ('Achat = "buy"', 'Achat = "long"', "words.side: none of ours: long"),
        ("units_per_lot = { default = 100000, XAUUSD = 100 }", "", "state units_per_lot"),
        ("skip_lines = 1", "skip_line = 1", "files.0.skip_line"),
        ('holds = "fills"', 'holds = "fill"', "files.0.holds"),
        ("skip_lines = 1", "skip_lines 1", "is no TOML"),
        ("skip_lines = 1", 'encoding = "utf-9"', "unknown encoding: utf-9"),
    ],
)
def test_a_mapping_that_makes_no_sense_says_what_to_correct(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in ALPHA
    provider = Provider(tmp_path, tmp_path / "drop", ALPHA.replace(old, new))
    with pytest.raises(SettingsError, match="mapping") as raised:
        mapping_of(provider.source, provider.settings)
    assert told in str(raised.value)
    assert "mapping.toml" in str(raised.value)


def test_a_mapping_that_is_not_there_fails_this_source_only(alpha: Provider) -> None:
    (alpha.folder.parent / "mapping.toml").unlink()
    alpha.write("fills_1.csv", FILLS)
    assert "The mapping cannot be read" in (alpha.sync().error or "")


def test_times_with_their_offset_and_signed_quantities_need_no_zone_and_no_side(
    home: Path, tmp_path: Path
) -> None:
    mapping = """
    [[files]]
    names = "*.csv"
    holds = "fills"
    time_format = "%Y-%m-%dT%H:%M:%S%z"
    [files.columns]
    fill_id = ["Day", "No"]
    executed_at = "At"
    symbol = "Symbol"
    quantity = "Qty"
    price = "Px"
    """
    provider = Provider(home, tmp_path / "drop", mapping)
    provider.write(
        "a.csv",
        "Day,No,At,Symbol,Qty,Px\n"
        "D1,7,2026-07-02T01:00:00+0200,EURUSD,-1000,1.1\n"
        "D1,8,2026-07-02T01:00:00-0400,EURUSD,500,1.1\n",
    )
    fills = provider.checked("a.csv")["lp_fills"]
    assert fills.rows("fill_id", "executed_on", "side", "quantity", "time_zone") == [
        ("D1/7", "2026-07-01", "sell", 1000, "UTC"),
        ("D1/8", "2026-07-02", "buy", 500, "UTC"),
    ]


def test_a_statement_gives_lines_by_type_and_one_row_of_balances_a_day(alpha: Provider) -> None:
    alpha.write("statement_0702.csv", STATEMENT)
    done = alpha.sync()
    assert (done.new, done.problems) == (6, ())
    assert rows(
        alpha.settings,
        "SELECT line_id, booked_on::VARCHAR, line_type, symbol, amount::DOUBLE, currency, account "
        "FROM lake.raw.lp_statement_lines ORDER BY line_id",
    ) == [
        ("20260702/COMM/EURUSD", "2026-07-02", "commission", "EURUSD", -5.25, "USD", "HL-1"),
        # The same again is another line: its order tells it apart.
        ("20260702/COMM/EURUSD#2", "2026-07-02", "commission", "EURUSD", -5.25, "USD", "HL-1"),
        ("20260702/FIN/EURUSD", "2026-07-02", "swap", "EURUSD", -1.1, "USD", "HL-1"),
        ("20260702/PNL/XAUUSD", "2026-07-02", "trade_pnl", "XAUUSD", 20.0, "USD", "HL-1"),
    ]
    assert rows(
        alpha.settings,
        "SELECT account, balance_date::VARCHAR, currency, opening_balance::DOUBLE, "
        "closing_balance::DOUBLE, equity::DOUBLE FROM lake.raw.lp_balances ORDER BY currency",
    ) == [
        ("HL-1", "2026-07-02", "EUR", 50.0, 50.0, None),
        ("HL-1", "2026-07-02", "USD", 1000.0, 1008.4, 1010.0),
    ]
    corrected = STATEMENT.replace("-1.10", "-1.30").replace("1008.40", "1008.20")
    alpha.write("statement_0702b.csv", corrected)
    second = alpha.sync()
    assert (second.new, second.changed) == (0, 2)


def test_a_statement_that_does_not_tie_or_says_a_balance_twice_is_refused(
    alpha: Provider,
) -> None:
    alpha.write("statement.csv", STATEMENT.replace("20.00", "21.00"))
    assert alpha.refusal("statement.csv").what == (
        "statement.csv: HL-1 2026-07-02 USD opens with 1000, its lines come to 9.4, but it closes "
        "with 1008.4; 1 such days."
    )
    alpha.write("eod.csv", STATEMENT + "20260702,HL-1,EOD,,1008.40,USD\n")
    assert "states a balance of one day, account and currency twice: rows 7, 11" in (
        alpha.refusal("eod.csv").what
    )
    alpha.write("eod.csv", STATEMENT.replace("PNL", "GIFT"))
    alpha.write("statement.csv", "\n".join(STATEMENT.splitlines()[:1]) + "\n")
    done = alpha.sync()
    # A line of an unknown type moves money all the same: the statement ties.
    assert (done.error, done.quarantined) == (None, 1)


def test_balances_of_a_file_of_their_own(alpha: Provider) -> None:
    alpha.write("balance.csv", "Date\tCurrency\tBalance\tMargin\n2026-07-02\tUSD\t1.008,40\t\n")
    balances = alpha.checked("balance.csv")["lp_balances"]
    assert balances.rows("account", "closing_balance", "margin_used") == [("", 1008.4, None)]


@pytest.mark.parametrize(
    ("separator", "before"),
    [
        (SOH, ""),
        ("|", "20260302-10:00:00.123 : "),
        ("^A", "2026-03-02 10:00:00,123 INFO <in> "),
        ("<SOH>", "[LPBETA] "),
    ],
)
def test_a_drop_copy_is_read_however_its_log_is_written(
    beta: Provider, separator: str, before: str
) -> None:
    sent = [
        other(1, "A", t98=0, t108=30),
        fill(2),
        other(3, "0"),
        fill(4, t54="2", t32="2500.5", t31="1.0999", t12="0.1", t58=f"a{separator[0]}b é"),
        fill(5, t150="0", t39="0", t32=None, t31=None),
        other(6, "5"),
    ]
    beta.log("drop.log", *(before + message(fields, separator=separator) for fields in sent))
    found = beta.checked("drop.log")
    fills, logs = found["lp_fills"], found["lp_fix_logs"]
    assert (fills.rejected.height, fills.problems) == (0, [])
    assert fills.rows(
        "fill_id", "session", "kind", "side", "symbol", "quantity", "price", "commission",
        "commission_currency", "executed_at", "value_date", "order_id", "client_order_id",
        "trade_id", "account", "msg_seq_num", "integrity", "_source_row",
    ) == [
        ("E2", "LPBETA>HARBOUR", "trade", "buy", "EUR/USD", 10000.0, 1.10215, -0.35, "USD",
         "2026-03-02 10:02:00.123000", "2026-03-04", "O2", "C2", "T2", "HL-2", 2, "checked", 2),
        ("E4", "LPBETA>HARBOUR", "trade", "sell", "EUR/USD", 2500.5, 1.0999, -0.1, "USD",
         "2026-03-02 10:04:00.123000", "2026-03-04", "O4", "C4", "T4", "HL-2", 4, "checked", 4),
    ]  # fmt: skip
    assert fills.good["comment"].to_list() == [None, f"a{separator[0]}b é"]
    assert logs.rows(
        "messages", "trades", "ignored", "ignored_types", "first_seq_num", "last_seq_num",
        "missing_messages",
    ) == [(6, 2, 4, "0: 1, 5: 1, 8/0: 1, A: 1", 1, 6, 0)]  # fmt: skip


def test_several_messages_in_one_line_are_several(beta: Provider) -> None:
    beta.write("drop.log", "".join(message(fill(n)) for n in range(1, 5)))
    assert beta.checked("drop.log")["lp_fills"].good.height == 4


def test_cancellations_and_corrections_refer_to_their_fill(beta: Provider) -> None:
    beta.log(
        "drop.log",
        message(fill(1)),
        message(fill(2)),
        message(fill(3, t150="H", t39="4", t19="E1")),
        message(fill(4, t150="G", t19="E2", t32=9000)),
        message(fill(5, t150="G", t19=None)),
    )
    fills = beta.checked("drop.log")["lp_fills"]
    assert fills.rows("fill_id", "kind", "ref_fill_id", "quantity") == [
        ("E1", "trade", None, 10000),
        ("E2", "trade", None, 10000),
        ("E3", "cancel", "E1", 10000),
        ("E4", "correct", "E2", 9000),
    ]
    [reason] = fills.rejected["reason"]
    assert "a correction that does not say of which fill (drop.log row 5" in reason


def test_a_resent_execution_counts_once_in_a_log_and_over_logs(beta: Provider) -> None:
    again = fill(2, t43="Y", t52="20260302-11:00:00.000", t122=fill(2)[52])
    under_a_new_number = fill(2, t34=4, t97="Y", t52="20260302-11:30:00.000")
    beta.log("1.log", message(fill(1)), message(fill(2)), message(again), message(fill(3)),
             message(under_a_new_number), message(fill(5)))  # fmt: skip
    done = beta.sync()
    assert (done.quarantined, done.problems) == (0, ())
    assert [row[0] for row in beta.fills()] == ["E1", "E2", "E3", "E5"]
    assert one(beta.settings, "SELECT resends FROM lake.raw.lp_fix_logs") == 1
    beta.log("2.log", message(again), message(fill(6)))
    second = beta.sync()
    # The new fill, and the line about the second log.
    assert (second.new, second.changed, second.held) == (2, 0, 1)
    assert one(beta.settings, "SELECT count(*) FROM lake.raw.lp_fills") == 5


def test_messages_that_never_came_are_named_unless_they_came_later(beta: Provider) -> None:
    late = fill(4, t43="Y", t122=fill(4)[52])
    beta.log(
        "1.log",
        message(fill(1)),
        message(fill(3)),
        message(fill(6)),
        message(late),
        # Whatever 8 and 9 were: administration, says the provider.
        message(fill(10)),
        message(other(7, "4", t43="Y", t123="Y", t36=10)),
    )
    found = beta.checked("1.log")
    assert found["lp_fills"].problems == [
        "1.log: 2 messages of session LPBETA>HARBOUR are missing, MsgSeqNum 2, 5."
    ]
    assert found["lp_fix_logs"].rows(
        "missing_messages", "missing_seq_nums", "resends", "resets"
    ) == [(2, "2, 5", 2, 0)]
    assert found["lp_fills"].good.height == 5


def test_a_session_that_begins_anew_is_no_gap(beta: Provider) -> None:
    beta.log(
        "1.log",
        message(other(8, "A")),
        message(fill(9)),
        message(other(1, "A", t141="Y")),
        message(fill(2, t17="N2")),
        message(other(3, "4", t123="N", t36=500)),
        message(fill(500, t17="N3")),
        # The other direction counts for itself.
        message(other(77, "0") | {49: "HARBOUR", 56: "LPBETA"}),
    )
    found = beta.checked("1.log")
    assert found["lp_fills"].problems == []
    columns = ("session", "messages", "resets", "first_seq_num", "last_seq_num", "missing_messages")
    assert sorted(found["lp_fix_logs"].rows(*columns)) == [
        ("HARBOUR>LPBETA", 1, 0, 77, 77, 0),
        ("LPBETA>HARBOUR", 6, 2, 8, 500, 0),
    ]


def test_an_execution_id_that_counts_anew_each_day_overwrites_nothing(beta: Provider) -> None:
    beta.log("1.log", message(fill(1)))
    beta.log("2.log", message(fill(1, t60="20260303-10:00:00.000", t32=500)))
    beta.sync()
    assert beta.fills() == [("E1", "trade", 10000), ("E1", "trade", 500)]


def test_a_damaged_message_is_not_believed_until_it_comes_whole(beta: Provider) -> None:
    beta.log(
        "1.log",
        message(fill(1)),
        message(fill(2)).replace("32=10000", "32=70000"),
        message(fill(3)).replace("32=10000", "32=1000"),
        message(other(4, "0")).replace("34=4", "34=7"),
        message(fill(5, t17=None)).replace("10:05", "10:06"),
    )
    done = beta.sync()
    assert done.quarantined == 3
    assert [row[0] for row in beta.fills()] == ["E1"]
    reasons = rows(
        beta.settings,
        "SELECT row_number, column_name, row_key, reason FROM lake.raw.quarantine ORDER BY 1",
    )
    assert [row[:3] for row in reasons] == [
        (2, "integrity", "2026-03-02/LPBETA>HARBOUR/E2"),
        (3, "integrity", "2026-03-02/LPBETA>HARBOUR/E3"),
        (5, "integrity", "2026-03-02/LPBETA>HARBOUR/line 5"),
    ]
    assert "CheckSum(10) is" in reasons[0][3]
    assert "BodyLength(9) is" in reasons[1][3]
    assert "1.log row 2" in reasons[0][3]
    told = [p.what for p in done.problems]
    assert "1 messages that are no executions have a wrong length or check sum, lines 4." in told[0]
    beta.log("2.log", message(fill(2, t43="Y", t122=fill(2)[52])), message(fill(3)))
    assert beta.sync().new == 3
    assert [row[0] for row in beta.fills()] == ["E1", "E2", "E3"]
    assert rows(beta.settings, "SELECT row_number FROM lake.raw.quarantine") == [(5,)]


def test_a_damaged_message_sent_again_in_the_same_log_is_forgotten(beta: Provider) -> None:
    beta.log(
        "1.log",
        message(fill(1)).replace("32=10000", "32=70000"),
        message(fill(2)),
        message(fill(1, t43="Y", t122=fill(1)[52])),
    )
    fills = beta.checked("1.log")["lp_fills"]
    assert fills.rejected.is_empty()
    assert sorted(fills.rows("fill_id", "quantity")) == [("E1", 10000), ("E2", 10000)]


def test_a_log_that_is_still_being_written_loads_the_rest_when_it_is_there(
    beta: Provider,
) -> None:
    whole = [message(fill(n)) for n in (1, 2, 3)]
    beta.log("drop.log", *whole[:2], whole[2][:90], end="")
    done = beta.sync()
    [problem] = done.problems
    assert problem.severity == "warning"
    assert "drop.log ends inside a message (line 3)" in problem.what
    assert [row[0] for row in beta.fills()] == ["E1", "E2"]
    beta.log("drop.log", *whole)
    second = beta.sync()
    assert (second.problems, second.held) == ((), 2)
    assert [row[0] for row in beta.fills()] == ["E1", "E2", "E3"]
    beta.log("drop.log", whole[0], whole[1][:90], whole[2], message(fill(4)))
    third = beta.sync()
    assert third.failed
    assert "messages break off before their CheckSum(10) in lines 2" in third.problems[-1].what
    assert len(beta.fills()) == 4


def test_commission_is_a_charge_and_percentages_are_refused(beta: Provider) -> None:
    beta.log(
        "1.log",
        message(fill(1, t12="0.000035", t13="1")),
        message(fill(2, t12="-0.5", t13=None)),
        message(fill(3, t12=None, t13=None, t479=None)),
        message(fill(4, t12="0.01", t13="2")),
    )
    fills = beta.checked("1.log")["lp_fills"]
    assert fills.rows("commission", "commission_currency") == [
        (-0.35, "USD"), (0.5, "USD"), (None, "EUR"),
    ]  # fmt: skip
    assert "CommType(13) is 2" in fills.rejected["reason"][0]


def test_older_versions_call_things_by_other_names(beta: Provider) -> None:
    older = [
        fill(1, t150="1", t20="0"),
        fill(2, t150="2", t20="0"),
        fill(3, t150="2", t20="1", t19="E1"),
        fill(4, t150="2", t20="2", t19="E2", t32=9000),
        fill(5, t150="2", t20="3"),
    ]
    beta.log("1.log", *(message(fields, "FIX.4.2") for fields in older),
             message(fill(6, t150="1"), "FIX.4.4"))  # fmt: skip
    fills = beta.checked("1.log")["lp_fills"]
    assert fills.rows("fill_id", "kind", "quantity") == [
        ("E1", "trade", 10000), ("E2", "trade", 10000), ("E3", "cancel", 10000),
        ("E4", "correct", 9000),
    ]  # fmt: skip


def test_a_resend_without_its_first_time_counts_once_another_content_does_not(
    beta: Provider,
) -> None:
    later = "20260302-11:00:00.000"
    beta.log("1.log", message(fill(1)), message(fill(1, t43="Y", t52=later)), message(fill(2)),
             message(fill(2, t43="Y", t52=later, t32=500)))  # fmt: skip
    fills = beta.checked("1.log")["lp_fills"]
    assert fills.rows("fill_id", "quantity") == [("E1", 10000), ("E2", 10000)]
    assert "duplicate: another row of this batch has the same key" in fills.rejected["reason"][0]


def test_the_default_time_format_takes_seconds_with_and_without_fractions(
    home: Path, tmp_path: Path
) -> None:
    mapping = ALPHA.replace('time_format = "%d.%m.%Y %H:%M:%S"\n', "")
    provider = Provider(home, tmp_path / "drop", mapping)
    text = FILLS.replace("02.07.2026;10:00:01", "2026-07-02;10:00:01.250")
    provider.write("fills_1.csv", text.replace("02.07.2026", "2026-07-02"))
    fills = provider.checked("fills_1.csv")["lp_fills"]
    assert [at[11:] for (at,) in fills.rows("executed_at")] == [
        "10:00:00.000000", "10:00:01.250000", "23:30:00.000000",
    ]  # fmt: skip


def test_an_empty_log_and_an_empty_folder_are_no_errors(beta: Provider) -> None:
    assert beta.sync().error is None
    beta.log("quiet.log", message(other(1, "A")), message(other(2, "0")))
    done = beta.sync()
    assert (done.error, done.problems, beta.fills()) == (None, (), [])


def test_two_providers_and_two_tenants_with_the_same_ids_stay_apart(
    home: Path, tmp_path: Path
) -> None:
    providers = [Provider(home, tmp_path / name, mapping=None) for name in ("a", "b", "c")]
    for number, provider in enumerate(providers, start=1):
        provider.log("1.log", message(fill(1, t32=number * 1000)))
    sources = [
        providers[0].source,
        providers[1].source.model_copy(update={"name": "lp_other"}),
        providers[2].source.model_copy(update={"name": "lp_third", "tenant": "white_label"}),
    ]
    settings = settings_for(home, *sources)
    assert [done.new for done in sync_once(settings).sources] == [2, 2, 2]
    providers[1].log("1.log", message(fill(1, t32=7000)))
    assert [done.changed for done in sync_once(settings).sources] == [0, 1, 0]
    assert rows(
        settings,
        f"SELECT _tenant_id, _source, quantity::INTEGER FROM {current('lp_fills')} ORDER BY 1, 2",
    ) == [
        ("demo", "lp_alpha", 1000), ("demo", "lp_other", 7000), ("white_label", "lp_third", 3000),
    ]  # fmt: skip


@pytest.mark.parametrize("step", ["rows", "committed"])
def test_a_crash_between_lines_and_balances_ends_in_the_same_rows(
    alpha: Provider, step: str
) -> None:
    alpha.write("statement.csv", STATEMENT)

    class CrashError(Exception):
        pass

    loads = 0

    def fault(name: str) -> None:
        nonlocal loads
        loads += name == step
        if name == step and loads == 2:
            raise CrashError

    with pytest.raises(CrashError):
        sync_once(alpha.settings, fault=fault)
    alpha.sync()
    assert one(alpha.settings, "SELECT count(*) FROM lake.raw.lp_statement_lines") == 4
    assert one(alpha.settings, "SELECT count(*) FROM lake.raw.lp_balances") == 2
    assert one(alpha.settings, "SELECT count(*) FROM lake.raw.superseded") == 0
    assert alpha.sync().loads == 0


def test_staging_has_one_shape_for_both_formats(staged_home: Path, tmp_path: Path) -> None:
    provider = Provider(staged_home, tmp_path / "drop", ALPHA + "[fix]\nvolume_unit = 'units'\n")
    provider.write("fills_1.csv", FILLS)
    provider.write("statement.csv", STATEMENT)
    provider.log("1.log", message(fill(1)), message(fill(2)),
                 message(fill(3, t150="H", t19="E2")))  # fmt: skip
    provider.sync()
    assert rows(
        provider.settings,
        "SELECT fill_id, source_format, fill_status, signed_units::INTEGER, volume_lots::DOUBLE, "
        "volume_notional::DOUBLE, executed_at_utc::VARCHAR, commission_amount::DOUBLE, "
        "lp_account_id FROM lake.staging.stg_lp__fills ORDER BY executed_at_utc, fill_id",
    ) == [
        ("E1", "fix", "standing", 10000, None, 11021.5, "2026-03-02 10:01:00.123", -0.35, "HL-2"),
        ("E2", "fix", "cancelled", 10000, None, 11021.5, "2026-03-02 10:02:00.123", -0.35, "HL-2"),
        ("E3", "fix", "cancellation", 10000, None, 11021.5, "2026-03-02 10:03:00.123", -0.35,
         "HL-2"),
        ("1", "csv", "standing", 150000, 1.5, 165322.5, "2026-07-02 09:00:00", -5.25, "HL-1"),
        ("2", "csv", "standing", -200, 2.0, 469120.0, "2026-07-02 09:00:01", 0.0, "HL-1"),
        ("3", "csv", "standing", 10000, 0.1, 12345000.0, "2026-07-02 22:30:00", 1.0, "HL-1"),
    ]  # fmt: skip
    lines = "SELECT sum(amount)::DOUBLE FROM lake.staging.stg_lp__statement_lines"
    assert one(provider.settings, lines) == 8.4
    assert rows(
        provider.settings,
        "SELECT currency, closing_balance_amount::DOUBLE FROM lake.staging.stg_lp__balances "
        "ORDER BY 1",
    ) == [("EUR", 50.0), ("USD", 1008.4)]
    assert rows(
        provider.settings, "SELECT trade_count, cancel_count FROM lake.staging.stg_lp__fix_logs"
    ) == [(2, 1)]
