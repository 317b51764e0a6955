"""Contract checks of one batch, as Polars expressions: good rows on, the others to quarantine."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingestion.contracts import POLARS_TYPES, Column, TableContract
from ingestion.parsing import is_blank, is_zero_date, parse, plain_timestamps

# Our own columns, which travel beside those of the contract.
ROW = "_n"
SOURCE_TABLE = "_source_table"
SOURCE_ROW = "_source_row"
# A struct of what the source has beyond the contract; kept as JSON beside the row.
EXTRA = "_extra"

REJECT_SCHEMA: dict[str, pl.DataType] = {
    "row_number": pl.Int64(),
    "row_key": pl.String(),
    "column_name": pl.String(),
    "reason": pl.String(),
    "row_json": pl.String(),
}


@dataclass(frozen=True)
class CheckedBatch:
    """What the checks made of a batch.

    Attributes:
        good: contract columns in their types, plus ``_n``, ``_source_table``, ``_source_row``, and
            ``_extra`` as JSON where the frame has it.
        keys: the key of every row that has one, good or rejected: what the source holds.
        rejected: one row for each quarantined row, columns of ``REJECT_SCHEMA``.
    """

    good: pl.DataFrame
    keys: pl.DataFrame
    rejected: pl.DataFrame


def check_batch(contract: TableContract, frame: pl.DataFrame) -> CheckedBatch:
    """Type the rows of ``frame`` (columns under our names) and part good from bad.

    Rejected with a reason: NULL where a value must be, a zero date in a required column, a value
    of another type, a value outside the allowed ones, and of several rows with one key and
    different content all but one. Rows that are equal in every column count once.
    """
    raw = frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    for name, dtype in ((SOURCE_TABLE, pl.String), (SOURCE_ROW, pl.Int64)):
        if name not in raw.columns:
            raw = raw.with_columns(pl.lit(None, dtype=dtype).alias(name))
    typed = raw.select(
        *(_typed(raw, column) for column in contract.columns),
        ROW,
        SOURCE_TABLE,
        pl.col(SOURCE_ROW).cast(pl.Int64),
        *_extra(raw),
    )
    rejected = _violations(contract, raw, typed)
    keys = typed.select(contract.key).drop_nulls(
        [name for name in contract.key if not contract.column(name).nullable]
    )
    bad = pl.Series([], dtype=pl.Int64)
    if rejected:
        bad = pl.concat(rejected).unique(ROW, keep="first", maintain_order=True)[ROW]
    good = typed.filter(~pl.col(ROW).is_in(bad.implode())) if len(bad) else typed
    good, doubled = _without_duplicates(contract, good)
    if doubled.height:
        rejected.append(doubled)
    for rule in contract.rules:
        refused = rule(good)
        if refused.height:
            rejected.append(refused.select(ROW, "column_name", "reason"))
            good = good.join(refused, on=ROW, how="anti")
    return CheckedBatch(good, keys, _described(contract, raw, rejected))


def reject(
    contract: TableContract, rows: pl.DataFrame, column: str | None, reason: pl.Expr
) -> pl.DataFrame:
    """Quarantine entries for typed rows that a connector's own rule refuses."""
    marked = rows.select(
        ROW, pl.lit(column, dtype=pl.String).alias("column_name"), reason.alias("reason")
    )
    return _described(contract, rows, [marked])


def _extra(raw: pl.DataFrame) -> list[pl.Expr]:
    held = raw.schema.get(EXTRA)
    if not isinstance(held, pl.Struct):
        return []
    values = (pl.col(EXTRA).struct.field(field.name) for field in held.fields)
    present = pl.any_horizontal(value.is_not_null() for value in values)
    return [pl.when(present).then(pl.col(EXTRA).struct.json_encode()).alias(EXTRA)]


def _typed(raw: pl.DataFrame, column: Column) -> pl.Expr | pl.Series:
    name = column.target
    if name not in raw.columns:
        return pl.lit(None, dtype=POLARS_TYPES[column.type]).alias(name)
    if column.type == "TIMESTAMP" and raw.schema[name] == pl.String:
        plain = plain_timestamps(raw[name])
        if plain is not None:
            return plain
    return parse(name, raw.schema[name], column.type)


def _violations(
    contract: TableContract, raw: pl.DataFrame, typed: pl.DataFrame
) -> list[pl.DataFrame]:
    """One frame (_n, column_name, reason) for each column and kind of violation found."""
    found: list[pl.DataFrame] = []
    for column in contract.columns:
        name = column.target
        missing = typed[name].is_null()
        if missing.any():
            absent, reason = _absences(raw, column)
            wrong = missing & ~absent
            found.append(_marked(typed, wrong, column, f"{column.source} is not a {column.type}"))
            if not column.nullable:
                found.append(_marked(typed, missing & absent, column, reason))
        if column.allowed:
            other = ~missing & ~typed[name].is_in(list(column.allowed))
            codes = ", ".join(column.allowed)
            found.append(_marked(typed, other, column, f"{column.source} is none of: {codes}"))
    return [marked for marked in found if marked.height]


def _absences(raw: pl.DataFrame, column: Column) -> tuple[pl.Series, pl.Expr | str]:
    """Where the source has no value (NULL, blank, zero date), and how to call it."""
    name = column.target
    if name not in raw.columns:
        return pl.repeat(True, raw.height, eager=True), f"{column.source} is NULL"
    held = raw.schema[name]
    blank = raw.select(is_blank(name, held)).to_series()
    if column.type not in ("TIMESTAMP", "DATE"):
        return blank, f"{column.source} is NULL"
    if held == pl.Int64:
        # A MySQL zero date arrives as NULL: the driver cannot carry it.
        zero = raw.select(is_zero_date(name, held)).to_series()
        return blank | zero, f"{column.source} is NULL or a zero date"
    zero = raw.select(is_zero_date(name, held)).to_series()
    reason = (
        pl.when(pl.Series("zero", zero))
        .then(pl.lit(f"{column.source} is a zero date"))
        .otherwise(pl.lit(f"{column.source} is NULL"))
    )
    return blank | zero, reason


def _marked(
    typed: pl.DataFrame, mask: pl.Series, column: Column, reason: pl.Expr | str
) -> pl.DataFrame:
    return (
        typed.select(
            pl.col(ROW),
            pl.lit(column.target).alias("column_name"),
            (pl.lit(reason) if isinstance(reason, str) else reason).alias("reason"),
        ).filter(mask)
        if mask.any()
        else pl.DataFrame(schema={ROW: pl.Int64, "column_name": pl.String, "reason": pl.String})
    )


def _without_duplicates(
    contract: TableContract, good: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    nothing = pl.DataFrame(schema={ROW: pl.Int64, "column_name": pl.String, "reason": pl.String})
    key = list(contract.key)
    if not key or good.select(pl.struct(key).n_unique()).item() == good.height:
        return good, nothing
    content = [column.target for column in contract.columns]
    distinct = good.unique(content, keep="first", maintain_order=True)
    marked = contract.marker and contract.marker in good.columns
    ranked = (
        distinct.sort([contract.marker, ROW], descending=[True, False], nulls_last=True)
        if marked
        else distinct.sort(ROW)
    )
    kept = ranked.unique(key, keep="first", maintain_order=True).sort(ROW)
    others = distinct.join(kept.select(ROW), on=ROW, how="anti")
    rule = (
        f"the one with the latest {contract.column(contract.marker).source} was kept"
        if marked
        else "the first one was kept"
    )
    return kept, others.select(
        pl.col(ROW),
        pl.lit(None, dtype=pl.String).alias("column_name"),
        pl.lit(f"duplicate: another row of this batch has the same key; {rule}").alias("reason"),
    )


def _described(
    contract: TableContract, rows: pl.DataFrame, marked: list[pl.DataFrame]
) -> pl.DataFrame:
    if not marked:
        return pl.DataFrame(schema=REJECT_SCHEMA)
    # Renamed, because a source may have a column of that name: MT5 deals have a Reason.
    first = (
        pl.concat(marked)
        .unique(ROW, keep="first", maintain_order=True)
        .rename({"column_name": "_column", "reason": "_reason"})
    )
    shown = [c.target for c in contract.columns if not c.pii and c.target in rows.columns]
    key = [
        pl.col(name).cast(pl.String).fill_null("NULL") if name in rows.columns else pl.lit("NULL")
        for name in contract.key
    ]
    return (
        rows.join(first, on=ROW, how="inner", maintain_order="left")
        .select(
            pl.col(SOURCE_ROW).cast(pl.Int64).alias("row_number"),
            (pl.concat_str(key, separator="/") if key else pl.lit("")).alias("row_key"),
            pl.col("_column").alias("column_name"),
            _place(),
            pl.struct(pl.col(name).cast(pl.String) for name in shown)
            .struct.json_encode()
            .alias("row_json"),
        )
        .select(list(REJECT_SCHEMA))
    )


def _place() -> pl.Expr:
    """The reason, with file and row where the rows came from a file."""
    return (
        pl.when(pl.col(SOURCE_ROW).is_null() | pl.col(SOURCE_TABLE).is_null())
        .then(pl.col("_reason"))
        .otherwise(
            pl.format(
                "{} ({} row {}; correct it there and it is loaded with the next sync)",
                "_reason",
                SOURCE_TABLE,
                SOURCE_ROW,
            )
        )
        .alias("reason")
    )
