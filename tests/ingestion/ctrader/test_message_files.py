"""cTrader messages by drop: frames and JSON, whole and broken, again and changed."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest

from ingestion.checks import check_batch
from ingestion.connectors.ctrader import open_api_pb2 as api
from ingestion.connectors.ctrader.contract import CONTRACTS
from ingestion.connectors.ctrader.message_files import read_file
from ingestion.connectors.dropped_files import DroppedFile, hash_of
from ingestion.sync import sync_once
from tests.ingestion.ctrader.broker import (
    ACCOUNT,
    HOUR,
    LOGIN,
    START,
    as_frames,
    as_lines,
    as_objects,
    cash,
    closing,
    deal,
    deals,
    flows,
    names,
    position,
    positions,
    source,
    trader,
    traders,
)
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from warehouse.settings import Settings

EVERYTHING = (
    *names(),
    traders(trader(balanceVersion=2, balance=101_152)),
    flows(cash(0, 1)),
    deals(deal(1), closing(2, 2, positionId=501), deal(3, dealStatus=4, filledVolume=0)),
    positions(position(3)),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder files are dropped into."""
    path = tmp_path / "ctrader"
    path.mkdir()
    return path


@pytest.fixture
def settings(home: Path, folder: Path) -> Settings:
    """An installation that reads that folder."""
    return settings_for(home, source(folder))


def held(settings: Settings) -> dict[str, int]:
    """Current rows by table."""
    tables = (
        "ctrader_assets",
        "ctrader_symbol_names",
        "ctrader_symbols",
        "ctrader_traders",
        "ctrader_cash_flows",
        "ctrader_deals",
        "ctrader_open_positions",
    )
    return {t: one(settings, f"SELECT count(*) FROM {current(t)}") for t in tables}


ALL_HELD = {
    "ctrader_assets": 2,
    "ctrader_symbol_names": 2,
    "ctrader_symbols": 1,
    "ctrader_traders": 1,
    "ctrader_cash_flows": 1,
    "ctrader_deals": 3,
    "ctrader_open_positions": 1,
}


def read(folder: Path, name: str, content: bytes) -> dict[str, pl.DataFrame]:
    """The rows of a file by table, without a lake."""
    path = folder / name
    path.write_bytes(content)
    tables = read_file(DroppedFile(name, path, hash_of(path)))
    assert [problem for table in tables for problem in table.problems] == []
    return {t.contract.table: t.frame for t in tables if t.frame is not None}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", as_lines(*EVERYTHING).encode()),
        ("a.NDJSON", as_lines(*EVERYTHING, named=True).encode()),
        ("a.json", json.dumps(as_objects(*EVERYTHING), indent=1).encode()),
        ("a.json", b"\xef\xbb\xbf" + as_lines(*EVERYTHING).encode()),
    ],
    ids=["json lines", "json lines with names", "array", "lines with a byte order mark"],
)
def test_every_form_gives_the_same_rows(folder: Path, name: str, content: bytes) -> None:
    framed_rows = read(folder, "all.pb", as_frames(*EVERYTHING))
    json_rows = read(folder, name, content)
    assert list(framed_rows) == list(json_rows) == list(ALL_HELD)
    for contract in CONTRACTS:
        good = [
            check_batch(contract, rows[contract.table]).good.drop("_n", "_source_table")
            for rows in (framed_rows, json_rows)
        ]
        assert good[0].equals(good[1])
        assert good[0].height == ALL_HELD[contract.table]


def test_a_file_is_loaded_once(settings: Settings, folder: Path) -> None:
    (folder / "all.pb").write_bytes(as_frames(*EVERYTHING))
    report = sync_once(settings)
    assert not report.failed
    assert report.sources[0].problems == ()
    assert held(settings) == ALL_HELD
    assert rows(
        settings,
        "SELECT deal_id, ctid_trader_account_id, trade_side, deal_status, filled_volume, "
        "execution_price, commission, close_gross_profit, close_balance_version, "
        f"_source_table, _source_row FROM {current('ctrader_deals')} ORDER BY 1",
    ) == [
        (1, ACCOUNT, 1, 2, 1_000_000, 1.1403699999999999, -35, None, None, "all.pb", 6),
        (2, ACCOUNT, 2, 2, 1_000_000, 1.1403699999999999, -35, 1234, 2, "all.pb", 6),
        (3, ACCOUNT, 1, 4, 0, 1.1403699999999999, -35, None, None, "all.pb", 6),
    ]
    assert rows(
        settings,
        f"SELECT symbol_name, is_archived FROM {current('ctrader_symbol_names')} ORDER BY 1",
    ) == [("EURUSD", False), ("GONE", True)]
    assert sync_once(settings).sources[0].loads == 0


def test_what_overlaps_is_held_once_and_what_changed_is_a_new_version(
    settings: Settings, folder: Path
) -> None:
    (folder / "1.pb").write_bytes(as_frames(*EVERYTHING))
    sync_once(settings)
    late = closing(2, 2, profit=1235, positionId=501, utcLastUpdateTimestamp=START + 99 * HOUR)
    (folder / "2.jsonl").write_text(as_lines(deals(deal(1), late, deal(4))), "utf-8")
    second = sync_once(settings).sources[0]
    assert (second.new, second.changed, second.deleted) == (1, 1, 0)
    assert rows(
        settings,
        f"SELECT close_gross_profit FROM {current('ctrader_deals')} WHERE deal_id = 2",
    ) == [(1235,)]
    assert one(settings, "SELECT count(*) FROM lake.raw.ctrader_deals WHERE deal_id = 2") == 2


def test_open_positions_replace_those_of_the_same_account_only(
    settings: Settings, folder: Path
) -> None:
    other = position(8, positionId=700)
    (folder / "1.pb").write_bytes(
        as_frames(positions(position(1), position(2)), positions(other, account=12))
    )
    sync_once(settings)
    assert held(settings)["ctrader_open_positions"] == 3
    (folder / "2.pb").write_bytes(as_frames(positions(position(2, swap=-24))))
    second = sync_once(settings).sources[0]
    assert (second.changed, second.deleted) == (1, 1)
    (folder / "3.json").write_text(json.dumps(as_objects(positions(account=12))), "utf-8")
    assert sync_once(settings).sources[0].deleted == 1
    assert rows(settings, f"SELECT position_id, swap FROM {current('ctrader_open_positions')}") == [
        (502, -24)
    ]


def test_a_cut_file_is_refused_whole_and_loaded_once_it_is_complete(
    settings: Settings, folder: Path
) -> None:
    whole = as_frames(*EVERYTHING)
    (folder / "all.pb").write_bytes(whole[:-3])
    report = sync_once(settings)
    assert report.failed
    [problem] = report.sources[0].problems
    assert "all.pb cannot be read: the last frame, at byte" in problem.what
    assert "is cut off; nothing of it was loaded" in problem.what
    assert sum(held(settings).values()) == 0
    (folder / "all.pb").write_bytes(whole)
    assert not sync_once(settings).failed
    assert held(settings) == ALL_HELD


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.pb", b"", "it holds no message"),
        ("x.jsonl", b" \n", "it holds no message"),
        ("x.json", b"[]", "it holds no message"),
        ("x.pb", b"\x00\x00\x00\x05hello", "the frame at byte 0 is no ProtoMessage"),
        ("x.pb", b"HTTP/1.1 404 Not Found", "byte 0 states a frame of 1213486160 bytes"),
        ("x.json", b'{"payloadType": 2134, "payload"', "line 1 is no JSON"),
        ("x.jsonl", b'{"payloadType": 51}\n{"payloadType": 2134,', "line 2 is no JSON"),
        ("x.json", b'{"deal": []}', "entry 1 is no message: it has no payloadType"),
        ("x.json", b'{"payloadType": "PROTO_OA_DEALS"}', "unknown payloadType: PROTO_OA_DEALS"),
        ("x.json", b'{"payloadType": 2134, "payload": [1]}', "payload of entry 1 is no object"),
        ("x.json", b'{"payloadType": 2134, "payload": {"deal": 5}}', "deal of entry 1"),
        ("x.json", b"M\xfcller", "byte 1 is not UTF-8"),
        (
            "x.jsonl",
            as_lines(
                deals(deal(1)), api.ProtoOAErrorRes(errorCode="CH_ACCESS_TOKEN_INVALID")
            ).encode(),
            "message 2 is an error of the API, CH_ACCESS_TOKEN_INVALID: the export is not complete",
        ),
        (
            "x.pb",
            as_frames(api.ProtoOAErrorRes(errorCode="REQUEST_FREQUENCY_EXCEEDED", description="x")),
            "message 1 is an error of the API, REQUEST_FREQUENCY_EXCEEDED (x)",
        ),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(
    folder: Path, name: str, content: bytes, reason: str
) -> None:
    path = folder / name
    path.write_bytes(content)
    [table] = read_file(DroppedFile(name, path, hash_of(path)))
    assert table.frame is None
    [problem] = table.problems
    assert problem.severity == "error"
    assert problem.what.startswith(f"{name} cannot be read: ")
    assert reason in problem.what
    assert problem.what.endswith("; nothing of it was loaded.")


def test_bad_rows_are_quarantined_with_row_and_column_until_they_are_delivered_again(
    settings: Settings, folder: Path
) -> None:
    objects = as_objects(
        deals(
            deal(1),
            deal(2),
            deal(3, dealStatus=6),
            closing(4, 1),
            deal(5),
            deal(6, moneyDigits=9),
            deal(7),
        ),
        flows(cash(0, 2), cash(1, 3)),
    )
    listed = objects[0]["payload"]["deal"]
    listed[1]["volume"] = "ten"
    listed[2]["dealStatus"] = 8
    del listed[3]["closePositionDetail"]["balance"]
    del listed[4]["moneyDigits"]
    del listed[6]["executionTimestamp"]
    objects[1]["payload"]["depositWithdraw"][1]["operationType"] = "BALANCE_DEPOSIT_LOTTERY"
    (folder / "bad.json").write_text(json.dumps(objects), "utf-8")
    report = sync_once(settings)
    assert report.sources[0].quarantined == 7
    found = rows(
        settings,
        "SELECT split_part(row_key, '/', 1), column_name, reason FROM lake.raw.quarantine "
        "ORDER BY table_name DESC, 1",
    )
    assert [(key, column) for key, column, _ in found] == [
        ("2", "volume"),
        ("3", "deal_status"),
        ("4", "close_balance"),
        ("5", "money_digits"),
        ("6", "money_digits"),
        ("7", "execution_timestamp"),
        ("9001", "operation_type"),
    ]
    assert "volume is not a BIGINT (bad.json row 1;" in found[0][2]
    assert "dealStatus 8 is not known: 2, 3, 4, 5, 6, 7" in found[1][2]
    assert "an amount without moneyDigits" in found[3][2]
    assert "moneyDigits is not between 0 and 8" in found[4][2]
    assert held(settings)["ctrader_deals"] == 1
    (folder / "good.json").write_text(
        json.dumps(
            as_objects(
                deals(*(deal(n) for n in (1, 2, 3, 5, 6, 7)), closing(4, 1)),
                flows(cash(0, 2), cash(1, 3)),
            )
        ),
        "utf-8",
    )
    assert not sync_once(settings).failed
    assert held(settings)["ctrader_deals"] == 7
    assert one(settings, "SELECT count(*) FROM lake.raw.quarantine") == 0


def test_unknown_fields_kinds_and_cut_lists_are_named(settings: Settings, folder: Path) -> None:
    objects = as_objects(deals(deal(1), more=True))
    objects[0]["payload"]["deal"][0]["moonPhase"] = 3
    objects.append({"payloadType": 2126, "payload": {}})
    objects.append({"payloadType": 51, "payload": {}})
    (folder / "new.json").write_text(json.dumps(objects), "utf-8")
    # Field 99 of a newer server, as it comes over the wire.
    newer = api.ProtoOADealListRes.FromString(deals(deal(2)).SerializeToString())
    newer.deal[0].MergeFromString(b"\x98\x06\x01")
    (folder / "new.pb").write_bytes(as_frames(newer))
    report = sync_once(settings)
    assert not report.failed
    whats = [problem.what for problem in report.sources[0].problems]
    assert whats[4:] == [
        "Deals or positions name symbols that are not known: 1.",
        f"Deals or positions name accounts that are not known: {ACCOUNT}.",
    ]
    assert whats[:4] == [
        "new.json holds messages that are not loaded: payload type 2126.",
        "new.json has fields that are not loaded: ProtoOADealListRes moonPhase.",
        "new.json: deal lists at 1 were cut by the server (hasMore is true).",
        "new.pb has fields that are not loaded: ProtoOADealListRes field 99.",
    ]
    assert held(settings)["ctrader_deals"] == 2


def test_a_file_of_heartbeats_is_taken_without_rows(settings: Settings, folder: Path) -> None:
    (folder / "quiet.pb").write_bytes(as_frames(api.ProtoHeartbeatEvent()))
    report = sync_once(settings)
    assert not report.failed
    assert report.sources[0].problems == ()
    assert one(settings, "SELECT count(*) FROM lake.meta.files") == 1


def test_gaps_and_replays_of_balance_versions_name_account_and_versions(
    settings: Settings, folder: Path
) -> None:
    (folder / "1.pb").write_bytes(
        as_frames(
            *names(),
            traders(trader(balanceVersion=9)),
            flows(cash(0, 4), cash(1, 5)),
            deals(closing(2, 5), closing(3, 7), deal(4)),
        )
    )
    report = sync_once(settings)
    assert report.failed
    whats = [problem.what for problem in report.sources[0].problems]
    # Versions 1 to 3 were never asked for; 6, 8 and 9 are missing; 5 is there twice.
    assert len(whats) == 2
    assert whats[0].startswith(f"Account {LOGIN}: balance versions 6, 8 to 9 are not held")
    assert whats[1].startswith(f"Account {LOGIN}: balance versions 5 are held more than once")
    assert sync_once(settings).sources[0].problems == report.sources[0].problems
    (folder / "2.pb").write_bytes(
        as_frames(flows(cash(1, 6), cash(5, 8)), deals(closing(6, 9, profit=1)))
    )
    assert sync_once(settings).sources[0].problems == ()


def test_the_same_ids_of_two_servers_and_two_tenants_stay_apart(home: Path, folder: Path) -> None:
    (folder / "all.pb").write_bytes(as_frames(*EVERYTHING))
    other = shutil.copytree(folder, folder.parent / "other")
    third = shutil.copytree(folder, folder.parent / "third")
    settings = settings_for(
        home,
        source(folder),
        source(other, "ctrader_demo"),
        source(third, "ctrader_white").model_copy(update={"tenant": "white"}),
    )
    assert not sync_once(settings).failed
    assert rows(
        settings,
        "SELECT _tenant_id, _source, count(*) FROM lake.raw.ctrader_deals GROUP BY ALL ORDER BY 2",
    ) == [("demo", "ctrader_demo", 3), ("demo", "ctrader_live", 3), ("white", "ctrader_white", 3)]
    assert sync_once(settings).rows_new == 0


_CHILD = """
    import os, signal, sys
    from pathlib import Path
    from ingestion.sync import sync_once
    from tests.ingestion.ctrader.broker import source
    from tests.ingestion.exports import settings_for

    home, folder, fatal = sys.argv[1:]
    steps = []

    def fault(step):
        steps.append(step)
        if step == fatal and steps.count(step) == 6:
            os.kill(os.getpid(), signal.SIGKILL)

    sync_once(settings_for(Path(home), source(Path(folder))), fault=fault)
"""


@pytest.mark.fault
@pytest.mark.parametrize("step", ["rows", "committed"])
def test_a_kill_in_the_middle_of_a_file_costs_nothing(
    settings: Settings, folder: Path, home: Path, step: str
) -> None:
    (folder / "all.pb").write_bytes(as_frames(*EVERYTHING))
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(home), str(folder), step],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[3],
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    assert held(settings)["ctrader_deals"] == (3 if step == "committed" else 0)
    assert not sync_once(settings).failed
    assert held(settings) == ALL_HELD
    assert one(settings, "SELECT count(*) FROM lake.raw.ctrader_deals") == 3
