"""The first load of a trading platform: rows a second, and against only reading the same rows."""

from __future__ import annotations

import polars as pl
import sqlalchemy as sa

from benchmarks.measurement import (
    RUNS,
    BenchmarkError,
    Measurement,
    median,
    spread,
    timed,
    told,
)
from benchmarks.postgres import postgresql, postgresql_binaries
from benchmarks.workspace import SEED, SERVER, Size, Workspace
from warehouse.settings import Settings

DEALS = 250_000


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """The first load from SQLite, and from PostgreSQL where it is installed."""
    size = Size(deals or DEALS)
    broker = work.broker(size)
    sqlite = f"sqlite:///{broker / 'mt5_live.sqlite'}"
    found = _measured(work, size, "sqlite", sqlite)
    binaries = postgresql_binaries()
    if binaries is None:
        told("load: PostgreSQL is not installed, left out")
        return found
    with postgresql(work.folder("postgresql"), binaries) as url:
        from ingestion.simulator import simulate

        told("load: writing the same broker to PostgreSQL")
        simulate(
            seed=SEED,
            days=size.days,
            accounts=size.accounts,
            out=work.folder("broker"),
            target_deals=size.deals,
            truth=False,
            white_label=False,
            database_url=url,
        )
        return found + _measured(work, size, "postgresql", url)


def _measured(work: Workspace, size: Size, kind: str, url: str) -> list[Measurement]:
    loads: list[float] = []
    reads: list[float] = []
    rows = 0
    for number in range(RUNS):
        told(f"load: {kind}, run {number + 1} of {RUNS}")
        seconds, read = timed(lambda: _read_only(url))
        reads.append(seconds)
        settings = _reading(work.settings(work.broker(size)), url)
        seconds, rows = timed(lambda settings=settings: _load(settings))  # type: ignore[misc]
        loads.append(seconds)
        work.drop(settings)
        if rows != read:
            raise BenchmarkError(f"{kind}: {read} rows were read, {rows} loaded")
    data = f"{rows:,} rows of all tables, {size.deals:,} of them trades; {spread(loads)} s"
    return [
        Measurement(
            f"load_{kind}_rows_per_second",
            rows / median(loads),
            "rows/s",
            RUNS,
            f"first load: read, contract, versions, control totals, sweep; {data}",
        ),
        Measurement(
            f"load_{kind}_vs_bare_read",
            median(loads) / median(reads),
            "ratio",
            RUNS,
            f"seconds of the load / of SELECT * of the same tables through connectorx; {data}",
        ),
    ]


def _reading(settings: Settings, url: str) -> Settings:
    sources = [
        source.model_copy(update={"url": url, "url_env": None}) if source.name == SERVER else source
        for source in settings.sources
    ]
    return settings.model_copy(update={"sources": sources})


def _load(settings: Settings) -> int:
    from ingestion.sync import sync_once

    report = sync_once(settings, SERVER)
    if report.failed:
        raise BenchmarkError(f"the load failed: {report.as_dict()}")
    return report.rows_new


def _read_only(url: str) -> int:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    tables = [name for name in sa.inspect(engine).get_table_names() if name.startswith("mt5_")]
    plain = url.replace("+psycopg", "")
    quote = engine.dialect.identifier_preparer.quote
    return sum(
        len(pl.read_database_uri(f"SELECT * FROM {quote(name)}", plain, engine="connectorx"))
        for name in tables
    )
