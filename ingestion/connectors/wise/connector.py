"""One pass over a folder of Wise balance statements."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import available_timezones

import polars as pl

from ingestion.checks import SOURCE_ROW, SOURCE_TABLE
from ingestion.connectors.context import PassContext
from ingestion.connectors.dropped_files import DroppedFile, TableRows, sync_dropped_files
from ingestion.connectors.held_rows import held, query_held, report_standing
from ingestion.connectors.running_balance import broken_balances, checked_balances
from ingestion.connectors.source_options import choice_option
from ingestion.connectors.wise.contract import BALANCE_CHECKS, STATEMENT_LINES
from ingestion.connectors.wise.statements import (
    RefusedStatementError,
    StatementFile,
    read_csv_statement,
    read_json_statements,
)
from ingestion.problems import Problem

PATTERNS = ("*.json", "*.jsonl", "*.ndjson", "*.csv")
_TABLE = STATEMENT_LINES.table
# How a FLAT statement names the line of a fee: by its reference or by its text.
_FEE_REFERENCE = r"^FEE-"
_FEE_TEXT = r"(?i)^(wise|transferwise) charges for"


def sync(context: PassContext) -> None:
    """Load every statement of the folder that was not loaded before.

    Raises:
        SourceError: the folder cannot be read.
        SettingsError: an option is not what it should be.
    """
    configured = choice_option(context, "statement_type", ("COMPACT", "FLAT"))
    zone = choice_option(context, "csv_time_zone", tuple(sorted(available_timezones())))

    def read(file: DroppedFile) -> Sequence[TableRows]:
        try:
            return _read(context, file, configured, zone)
        except RefusedStatementError as error:
            problem = Problem(_TABLE, "error", f"{file.name} {error.what}.", error.todo)
            return [TableRows(STATEMENT_LINES, None, [problem])]

    sync_dropped_files(context, read, PATTERNS)
    report_standing(context, (BALANCE_CHECKS,), _broken)


def _broken(context: PassContext) -> list[Problem]:
    return broken_balances(context, BALANCE_CHECKS, _TABLE)


def _read(
    context: PassContext, file: DroppedFile, configured: str | None, zone: str | None
) -> Sequence[TableRows]:
    if file.path.suffix.lower() == ".csv":
        statement = read_csv_statement(file.path, zone)
    else:
        statement = read_json_statements(file.path)
    if statement is None:
        return []
    frame = _lines(file.name, statement)
    shown = _statement_type(frame, configured)
    _refuse_mixture(context, frame, shown)
    frame = frame.with_columns(pl.lit(shown, dtype=pl.String).alias("statement_type"))
    balances = checked_balances(
        frame.select(
            "balance_id",
            "currency",
            "amount",
            pl.col("running_balance").alias("balance"),
            pl.lit(False).alias("may_rest"),
            pl.col("booked_at").alias("moment"),
            SOURCE_ROW,
        ),
        file.name,
        "error",
        statement.ends,
    )
    problems = [
        Problem(
            _TABLE,
            "warning",
            f"{file.name} has columns that are not loaded: {', '.join(statement.unloaded)}.",
            "nothing, unless one of them is wanted: then add it to the contract",
        )
    ] * bool(statement.unloaded)
    return [
        TableRows(STATEMENT_LINES, frame, problems),
        TableRows(BALANCE_CHECKS, balances),
    ]


def _lines(name: str, statement: StatementFile) -> pl.DataFrame:
    made = ("booked_on", "line", "is_fee_line", "statement_type")
    columns = [c.target for c in STATEMENT_LINES.columns if c.target not in made]
    schema: dict[str, pl.DataType] = {column: pl.String() for column in columns}
    schema[SOURCE_ROW] = pl.Int64()
    frame = pl.DataFrame(
        {column: [row.get(column) for row in statement.rows] for column in schema}, schema=schema
    ).with_columns(
        pl.lit(name).alias(SOURCE_TABLE),
        pl.col("currency").str.to_uppercase(),
        pl.col("booked_at").str.slice(0, 10).alias("booked_on"),
        (
            pl.col("reference_number").str.contains(_FEE_REFERENCE).fill_null(False)
            | pl.col("description").str.contains(_FEE_TEXT).fill_null(False)
            | (pl.col("details_type") == "FEE").fill_null(False)
        ).alias("is_fee_line"),
    )
    # A fee line repeats the reference of its transfer; larger amounts first, whatever the order.
    same = ["balance_id", "currency", "reference_number", "direction", "booked_on"]
    return (
        frame.sort(
            pl.col("is_fee_line"),
            pl.col("amount").cast(pl.Decimal(24, 8), strict=False).abs() * -1,
            pl.col("booked_at"),
            pl.col(SOURCE_ROW),
            nulls_last=True,
        )
        .with_columns(pl.int_range(1, pl.len() + 1).over(same).alias("line"))
        .sort(SOURCE_ROW)
    )


def _statement_type(frame: pl.DataFrame, configured: str | None) -> str | None:
    """COMPACT, FLAT, or None where the file's rows would be the same in both.

    A FLAT statement has lines of fees. A COMPACT one has fees inside its lines, and no such line.
    """
    fees = pl.col("total_fees").cast(pl.Decimal(24, 8), strict=False).fill_null(0) != 0
    flat = bool(frame["is_fee_line"].any())
    compact = not flat and bool(frame.select(fees.any()).item())
    shown = "FLAT" if flat else "COMPACT" if compact else None
    if configured and shown and shown != configured:
        raise RefusedStatementError(
            f"is a {shown} statement, options.statement_type says {configured}",
            f"download it as {configured}: the other kind has other rows for the same money",
        )
    return configured or shown


def _refuse_mixture(context: PassContext, frame: pl.DataFrame, shown: str | None) -> None:
    if shown is None or not frame.height:
        return
    rows = query_held(
        context,
        f"""
        SELECT DISTINCT balance_id, currency, statement_type, _source_table
        FROM {held(STATEMENT_LINES)}
        WHERE statement_type IS NOT NULL
        ORDER BY ALL
        """,
    )
    places = set(frame.select("balance_id", "currency").unique().iter_rows())
    for balance, currency, other, file in rows:
        if other != shown and (balance, currency) in places:
            raise RefusedStatementError(
                f"is a {shown} statement of {currency}, and {file} was loaded as {other}: a fee "
                "would count twice or not at all",
                f"download it as {other}, as the ones before",
            )
