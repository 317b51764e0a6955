"""The first load of a trading platform: rows a second, and against only reading the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl
import sqlalchemy as sa

from benchmarks.child import Cost, cost_of
from benchmarks.measurement import (
    RUNS,
    BenchmarkError,
    Measurement,
    median,
    spread,
    told,
)
from benchmarks.postgres import postgresql, postgresql_binaries
from benchmarks.workspace import SEED, SERVER, Size, Workspace
from warehouse.settings import Settings
from warehouse.sql_text import literal

DEALS = 250_000
CHUNK_ROWS = 250_000


@dataclass(frozen=True)
class Frames:
    """What :func:`load_frames` works on."""

    settings: Settings
    con: duckdb.DuckDBPyConnection
    chunks: list[pl.DataFrame]


def run(work: Workspace, deals: int | None) -> list[Measurement]:
    """The first load from SQLite, and from PostgreSQL where it is installed."""
    size = Size(deals or DEALS)
    broker = work.broker(size)
    sqlite = f"sqlite:///{broker / 'mt5_live.sqlite'}"
    found = _frames(work, size, sqlite) + _measured(work, size, "sqlite", sqlite)
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
    loads: list[Cost] = []
    reads: list[Cost] = []
    for number in range(RUNS):
        told(f"load: {kind}, run {number + 1} of {RUNS}")
        reads.append(cost_of(ready_to_read, read_only, url))
        settings = _reading(work.settings(work.broker(size)), url)
        loads.append(cost_of(ready_to_load, load_server, settings))
        work.drop(settings)
        if loads[-1].rows != reads[-1].rows:
            raise BenchmarkError(f"{kind}: {reads[-1].rows} rows read, {loads[-1].rows} loaded")
    wall = [cost.wall_seconds for cost in loads]
    rows = loads[0].rows
    data = f"{rows:,} rows of all tables, {size.deals:,} of them trades; {spread(wall)} s"
    return [
        Measurement(
            f"load_{kind}_rows_per_second",
            rows / median(wall),
            "rows/s",
            RUNS,
            f"first load: read, contract, versions, control totals, sweep; {data}",
        ),
        Measurement(
            f"load_{kind}_rows_per_core_second",
            rows / median([cost.cpu_seconds for cost in loads]),
            "rows/s",
            RUNS,
            f"rows a second of processor time, all threads of ours, without the server's; {data}",
        ),
        Measurement(
            f"load_{kind}_peak_mib",
            median([cost.peak_mib for cost in loads]),
            "MiB",
            RUNS,
            f"most memory of the loading process, Python and libraries included; {data}",
        ),
        Measurement(
            f"load_{kind}_vs_bare_read",
            median(wall) / median([cost.wall_seconds for cost in reads]),
            "ratio",
            RUNS,
            f"seconds of the load / of SELECT * of the same tables through connectorx; {data}",
        ),
    ]


def _frames(work: Workspace, size: Size, url: str) -> list[Measurement]:
    """Deals that lie in memory already: contract, versions, totals, Parquet, commit."""
    costs, copies = [], []
    for number in range(RUNS):
        told(f"load: frames in memory, run {number + 1} of {RUNS}")
        settings = work.settings(work.broker(size))
        copies.append(cost_of(frames_of, copy_frames, settings, url).cpu_seconds)
        work.drop(settings)
        settings = work.settings(work.broker(size))
        costs.append(cost_of(frames_of, load_frames, settings, url))
        work.drop(settings)
    rows, cpu = costs[0].rows, [cost.cpu_seconds for cost in costs]
    return [
        Measurement(
            "load_frames_rows_per_core_second",
            rows / median(cpu),
            "rows/s",
            RUNS,
            f"{rows:,} deals from frames in memory through load_batch, by processor time; "
            f"{spread(cpu)} s",
        ),
        Measurement(
            "load_frames_vs_bare_copy",
            median(cpu) / median(copies),
            "ratio",
            RUNS,
            "processor seconds of the same load / of DuckDB's COPY of the same frames to Parquet, "
            f"nothing checked, counted or committed; the COPY: {spread(copies)} s",
        ),
    ]


def _reading(settings: Settings, url: str) -> Settings:
    sources = [
        source.model_copy(update={"url": url, "url_env": None}) if source.name == SERVER else source
        for source in settings.sources
    ]
    return settings.model_copy(update={"sources": sources})


def ready_to_load(settings: Settings) -> Settings:
    """The settings, in a process that has imported what a load needs."""
    import ingestion.sync  # noqa: F401

    return settings


def load_server(settings: Settings) -> int:
    """One first pass over the trading platform; how many rows were new.

    Raises:
        BenchmarkError: it failed.
    """
    from ingestion.sync import sync_once

    report = sync_once(settings, SERVER)
    if report.failed:
        raise BenchmarkError(f"the load failed: {report.as_dict()}")
    return report.rows_new


def frames_of(settings: Settings, url: str) -> Frames:
    """The deals of a database as frames of a chunk each, and an empty lake."""
    from ingestion.connectors.mt5.contract import CONTRACTS
    from ingestion.connectors.mt5.contract import DEALS as CONTRACT
    from ingestion.raw_tables import ensure_tables
    from warehouse.connection import connect

    names = {column.source.lower(): column.target for column in CONTRACT.columns}
    frame = pl.read_database_uri("SELECT * FROM mt5_deals", url, engine="connectorx")
    frame = frame.rename({n: names[n.lower()] for n in frame.columns if n.lower() in names})
    times = [name for name in ("time", "time_msc") if frame.schema[name] == pl.String]
    frame = frame.with_columns(pl.col(times).str.to_datetime(time_unit="us"))
    con = connect("write", settings=settings)
    ensure_tables(con, CONTRACTS, settings)
    return Frames(settings, con, [slice.rechunk() for slice in frame.iter_slices(CHUNK_ROWS)])


def load_frames(frames: Frames) -> int:
    """Load the frames; how many rows were new."""
    from ingestion.batch import Batch
    from ingestion.connectors.mt5.contract import DEALS as CONTRACT
    from ingestion.loader import load_batch

    with frames.con as con:
        return sum(
            load_batch(con, Batch(CONTRACT, "demo", SERVER, "mt5", frame), frames.settings).new
            for frame in frames.chunks
        )


def copy_frames(frames: Frames) -> int:
    """Write the frames to Parquet files and nothing else: what no load of them can go below."""
    frames.settings.home.mkdir(parents=True, exist_ok=True)
    rows = 0
    with frames.con as con:
        for number, chunk in enumerate(frames.chunks):
            con.register("chunk", chunk.to_arrow())
            file = literal(str(frames.settings.home / f"bare-{number}.parquet"))
            con.execute(f"COPY (FROM chunk) TO {file} (FORMAT parquet)")
            rows += chunk.height
    return rows


def ready_to_read(url: str) -> str:
    """The address, in a process that has imported what a bare read needs."""
    import connectorx  # noqa: F401

    return url


def read_only(url: str) -> int:
    """SELECT * of the platform's tables; how many rows."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    tables = [name for name in sa.inspect(engine).get_table_names() if name.startswith("mt5_")]
    plain = url.replace("+psycopg", "")
    quote = engine.dialect.identifier_preparer.quote
    return sum(
        len(pl.read_database_uri(f"SELECT * FROM {quote(name)}", plain, engine="connectorx"))
        for name in tables
    )
