"""What every kind of webhook does alike: CoinsPaid, Coinbase Commerce, Sumsub, Onfido."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingestion.sync import sync_once
from tests.ingestion import webhook_samples as samples
from tests.ingestion.exports import settings_for
from tests.ingestion.lake import current, one, rows
from tests.ingestion.webhook_samples import received, write_lines
from warehouse.settings import Settings, SourceSettings


@dataclass(frozen=True)
class Kind:
    """One kind, a sample of it, and a key without which nothing can be made of a body."""

    name: str
    table: str
    sample: Callable[..., dict[str, Any]]
    needed: str

    def source(self, folder: Path, name: str = "", tenant: str = "demo") -> SourceSettings:
        """A source of the kind."""
        return SourceSettings(name=name or self.name, kind=self.name, path=folder, tenant=tenant)


KINDS = (
    Kind("coinspaid", "coinspaid_callbacks", samples.coinspaid, "status"),
    Kind("coinbase_commerce", "coinbase_commerce_events", samples.coinbase_commerce, "data"),
    Kind("sumsub", "sumsub_events", samples.sumsub, "type"),
    Kind("onfido", "onfido_events", samples.onfido, "resource_type"),
)
RECEIPT = "SELECT received_at::VARCHAR, is_receipt_stated FROM {}"


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind in turn."""
    found: Kind = request.param
    return found


def count(settings: Settings, table: str) -> int:
    """Current rows."""
    return int(one(settings, f"SELECT count(*) FROM {current(table)}"))


def test_a_log_that_grows_loads_each_event_once(kind: Kind, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, kind.source(folder))
    write_lines(folder / "log.jsonl", kind.sample(1), kind.sample(2), at=1_790_000_000)
    first = sync_once(settings).sources[0]
    assert not first.failed
    assert count(settings, kind.table) == 2
    assert sync_once(settings).sources[0].loads == 0
    # Appended to, and what was in it is delivered once more: only the new event is loaded.
    write_lines(folder / "log.jsonl", *map(kind.sample, (1, 2, 1, 3)), at=1_790_009_999)
    again = sync_once(settings).sources[0]
    assert (again.changed, again.deleted, count(settings, kind.table)) == (0, 0, 3)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{kind.table}") == 3
    # A file that is gone takes nothing with it.
    (folder / "log.jsonl").unlink()
    assert sync_once(settings).sources[0].loads == 0


def test_the_earliest_receipt_known_is_kept(kind: Kind, home: Path, tmp_path: Path) -> None:
    folder, body = tmp_path / "in", kind.sample(1)
    settings = settings_for(home, kind.source(folder))
    write_lines(folder / "a.jsonl", body, at=1_790_000_000)
    sync_once(settings)
    receipt = rows(settings, RECEIPT.format(current(kind.table)))
    assert receipt == [("2026-09-21 14:13:20", False)]
    # An envelope counts more than the time of a file, even when it is later; then the earliest.
    for name, at in (("b", "2026-10-28T10:00:00+02:00"), ("c", "2026-10-29T00:00:00Z")):
        write_lines(folder / f"{name}.jsonl", received(body, at))
        sync_once(settings)
        receipt = rows(settings, RECEIPT.format(current(kind.table)))
        assert receipt == [("2026-10-28 08:00:00", True)]
    assert one(settings, f"SELECT count(*) FROM lake.raw.{kind.table}") == 2, (
        "the old version stays"
    )


def test_sources_and_tenants_do_not_mix_and_persons_are_in_pii_only(
    kind: Kind, home: Path, tmp_path: Path
) -> None:
    names = [("one", "demo"), ("two", "demo"), ("three", "other")]
    for name, _ in names:
        write_lines(tmp_path / name / "log.jsonl", kind.sample(1))
    sources = [kind.source(tmp_path / name, name, tenant) for name, tenant in names]
    settings = settings_for(home, *sources)
    assert [source.new > 0 for source in sync_once(settings).sources] == [True] * 3
    held = rows(settings, f"SELECT _tenant_id, _source FROM {current(kind.table)} ORDER BY ALL")
    assert held == [("demo", "one"), ("demo", "two"), ("other", "three")]
    raw = rows(settings, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'")
    for (table,) in raw:
        if table.startswith(kind.name):
            assert "ecret" not in str(rows(settings, f"SELECT * FROM lake.raw.{table}"))


def test_a_crash_leaves_all_of_a_load_or_nothing(kind: Kind, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, kind.source(folder))
    write_lines(folder / "log.jsonl", kind.sample(1), kind.sample(2))
    for step, held in (("written", 0), ("committed", 2)):

        def fault(name: str, fatal: str = step) -> None:
            if name == fatal:
                raise RuntimeError("the power is off")

        with pytest.raises(RuntimeError):
            sync_once(settings, fault=fault)
        assert count(settings, kind.table) == held
    sync_once(settings)
    assert one(settings, f"SELECT count(*) FROM lake.raw.{kind.table}") == 2
    assert sync_once(settings).sources[0].loads == 0


def test_a_layout_that_changed_is_named(kind: Kind, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    settings = settings_for(home, kind.source(folder))
    body = kind.sample(1)
    inner = body.get("event") or body.get("payload") or body
    wanted = inner.pop(kind.needed)
    write_lines(folder / "log.jsonl", body)
    report = sync_once(settings).sources[0]
    assert report.failed
    assert (report.loads, len(report.problems)) == (0, 1)
    expected = "neither an Onfido" if kind.name == "onfido" else f"has the key {kind.needed}."
    assert expected in report.problems[0].what
    # Put right under the same name, it is taken; a key that nobody knows is only a warning.
    inner |= {kind.needed: wanted, "weather": "fine"}
    write_lines(folder / "log.jsonl", body)
    mended = sync_once(settings).sources[0]
    assert not mended.failed
    assert count(settings, kind.table) == 1
    if kind.name != "onfido":  # whose objects have many keys that are not loaded
        assert "keys that are not loaded: weather" in mended.problems[0].what


BROKEN = (
    (b"", "is empty"),
    (b'{"id": 1', "is not JSON"),
    (b'{"id": NaN}', "NaN is no JSON number"),
    (b'{"id": 1}\n{"id":', "line 2 is not JSON"),
    (b"[1]", "row 1 is no JSON object"),
    (b'{"id": "\xff"}', "is not UTF-8"),
    (b'{"received_at": "2026-10-28 08:00:00", "body": {}}', "no time with a zone"),
)


def test_files_that_cannot_be_read_say_why(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (content, _) in enumerate(BROKEN):
        (folder / f"{number}.json").write_bytes(content)
    report = sync_once(settings_for(home, KINDS[0].source(folder))).sources[0]
    assert report.failed
    assert report.loads == 0
    for problem, (_, told) in zip(report.problems, BROKEN, strict=True):
        assert told in problem.what


def test_an_empty_folder_and_an_empty_log_are_no_error(home: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / kind.name).mkdir()
    settings = settings_for(home, *(kind.source(tmp_path / kind.name) for kind in KINDS))
    assert not sync_once(settings).failed
    for kind in KINDS:
        write_lines(tmp_path / kind.name / "log.jsonl")
    assert not sync_once(settings).failed
    assert [count(settings, kind.table) for kind in KINDS] == [0, 0, 0, 0]
