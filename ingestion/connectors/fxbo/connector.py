"""One pass over an FXBackOffice database.

Small tables and the partner tree are read whole when everything is swept, and kept by versions: the
database has only the tree of now. Transactions are read by id in between, the daily statistics by
date with a month of overlap, because their past is computed again. Trades, prices and balances of
``mt4_trades``, ``mt4_prices`` and ``mt4_users`` are never loaded: they repeat, for MT4 and MT5
alike, what the platforms' own sources load.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from ingestion.connectors.context import PassContext
from ingestion.connectors.crm.tables import bind, read_whole
from ingestion.connectors.database import SourceDatabase, source_database
from ingestion.connectors.event_tables import CursorColumn, read_events
from ingestion.connectors.full_exports import holds_rows
from ingestion.connectors.fxbo.contract import CONTRACTS, IB_TREE, IB_TREE_WITH_SELF, TRANSACTIONS
from ingestion.connectors.fxbo.options import FxboOptions, fxbo_options
from ingestion.connectors.mapping import Mapping
from ingestion.connectors.sql_tables.discovery import PhysicalTable
from ingestion.contracts import TableContract
from ingestion.problems import Problem
from warehouse.errors import SourceError


def sync(context: PassContext) -> None:
    """Load what changed.

    Raises:
        SourceError: the database cannot be reached or read; what was committed stays.
        SettingsError: the options cannot be used.
    """
    options = fxbo_options(context)
    url = context.source.database_url()
    if url is None:
        raise SourceError("An fxbo source needs a database URL.", where=context.source.name)
    _tell_platforms(context, options)
    with source_database(context, url, options.db_schema) as database:
        present = {name.lower(): name for name in database.tables()}
        for contract in CONTRACTS:
            if context.stopping():
                return
            name = present.get(contract.source_table)
            if name is not None:
                _read(context, database, contract, name, options)
            elif not _is_spared(contract, present):
                context.problems.append(_missing(contract))


def _read(
    context: PassContext,
    database: SourceDatabase,
    contract: TableContract,
    name: str,
    options: FxboOptions,
) -> None:
    table = bind(context, contract, name, database.columns(name))
    if table is None:
        return
    # Dates of the platforms and of the statistics are server time: kept as they are.
    zone = options.zone if table.has("created_at") else "UTC"
    mapped = Mapping(zone=zone).of(contract)

    def shaped(frame: pl.DataFrame) -> pl.DataFrame:
        return _derived(context, table, mapped.shaped(frame), options)

    if contract.versioning == "marker":
        column = CursorColumn(*table.columns[contract.marker], overlap_days=options.stats_days)
        read_events(context, database, table, column, shaped)
    elif context.sweep or not holds_rows(context, contract):
        read_whole(context, database, table, shaped)
    elif contract is TRANSACTIONS:
        read_events(context, database, table, CursorColumn(*table.columns["id"]), shaped)


def _derived(
    context: PassContext, table: PhysicalTable, frame: pl.DataFrame, options: FxboOptions
) -> pl.DataFrame:
    """The rows with server and login of their loginSid, and their words in ours."""
    for name in ("login_sid", "from_login_sid"):
        if name not in frame.columns:
            continue
        text = pl.col(name).cast(pl.String).str.strip_chars()
        parts = text.str.extract_groups(r"^(?P<sid>\d+)-(?P<login>\d+)$")
        frame = frame.with_columns(
            parts.struct.field("sid").alias("_sid"),
            parts.struct.field("login").cast(pl.Int64, strict=False).alias("login"),
            pl.when(text != "").then(text).alias(name),
        ).with_columns(
            pl.col("_sid")
            .replace_strict(options.servers or {"": ""}, default=None, return_dtype=pl.String)
            .replace({"": None})
            .alias("server_id")
        )
        strange = frame.filter(pl.col("_sid").is_not_null())["_sid"].value_counts().sort("_sid")
        for sid, count in strange.rows():
            if sid not in options.servers:
                context.problems.append(_unmapped(table, sid, count))
        frame = frame.drop("_sid")
    if table.contract is TRANSACTIONS:
        translate = partial(_translated, frame)
        frame = frame.with_columns(
            translate("type", options.kinds).alias("kind"),
            translate("status", options.request_statuses).alias("request_status"),
        )
    return frame


def _translated(frame: pl.DataFrame, column: str, words: dict[str, str]) -> pl.Series:
    lower = frame[column].cast(pl.String).str.strip_chars().str.to_lowercase()
    return lower.replace_strict(words, default=None, return_dtype=pl.String)


def _unmapped(table: PhysicalTable, sid: str, rows: int) -> Problem:
    return Problem(
        table.contract.table,
        "error",
        f"Server {sid} of {table.name} is not in options.servers ({rows} rows).",
        f'say which source it is (servers.{sid} = "mt5_live"), or "" where there is none; until '
        "then its rows are loaded without a server",
    )


def _tell_platforms(context: PassContext, options: FxboOptions) -> None:
    names = {source.name for source in context.settings.sources}
    for sid, server in options.servers.items():
        if server and server not in names:
            context.problems.append(
                Problem(
                    "",
                    "warning",
                    f"No source loads the platform {server} (sid {sid}): its trades are missing.",
                    "add the platform's own source under that name; mt4_trades is not loaded, it "
                    "would count trades twice once the platform is",
                )
            )


def _is_spared(contract: TableContract, present: dict[str, str]) -> bool:
    """One of the two trees is enough."""
    trees = {IB_TREE.source_table, IB_TREE_WITH_SELF.source_table}
    return contract.source_table in trees and bool(trees & set(present))


def _missing(contract: TableContract) -> Problem:
    return Problem(
        contract.table,
        "error" if contract.required else "warning",
        f"The database has no table {contract.source_table}.",
        "grant SELECT on it" + ("" if contract.required else " if it is wanted"),
    )
