"""Contract checks of one batch, as Polars expressions: good rows on, the others to quarantine."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ingestion.contracts import POLARS_TYPES, Column, TableContract
from ingestion.parsing import is_blank, is_zero_date, parse

# Our own columns, which travel beside those of the contract.
ROW = "_n"
SOURCE_TABLE = "_source_table"
SOURCE_ROW = "_source_row"

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
        good: contract columns in their types, plus ``_n``, ``_source_table``, ``_source_row``.
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
        *(
            parse(c.target, raw.schema[c.target], c.type)
            if c.target in raw.columns
            else pl.lit(None, dtype=POLARS_TYPES[c.type]).alias(c.target)
            for c in contract.columns
        ),
        ROW,
        SOURCE_TABLE,
        pl.col(SOURCE_ROW).cast(pl.Int64),
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


def _violations(
    contract: TableContract, raw: pl.DataFrame, typed: pl.DataFrame
) -> list[pl.DataFrame]:
    present = [column for column in contract.columns if column.target in raw.columns]
    masks: dict[str, pl.Expr] = {}
    reasons: dict[str, tuple[Column, pl.Expr]] = {}
    before = raw.select(
        ROW,
        *(is_blank(c.target, raw.schema[c.target]).alias(f"blank:{c.target}") for c in present),
        *(
            is_zero_date(c.target, raw.schema[c.target]).alias(f"zero:{c.target}")
            for c in present
            if c.type in ("TIMESTAMP", "DATE")
        ),
    ).hstack(typed.drop(ROW))
    for column in contract.columns:
        name = column.target
        here = name in raw.columns
        blank = pl.col(f"blank:{name}") if here else pl.lit(True)
        zero = (
            pl.col(f"zero:{name}")
            if here and column.type in ("TIMESTAMP", "DATE")
            else pl.lit(False)
        )
        missing = pl.col(name).is_null()
        masks[f"type:{name}"] = missing & ~blank & ~zero
        reasons[f"type:{name}"] = (column, pl.lit(f"{column.source} is not a {column.type}"))
        if not column.nullable:
            masks[f"null:{name}"] = missing & (blank | zero)
            reasons[f"null:{name}"] = (
                column,
                pl.when(zero)
                .then(pl.lit(f"{column.source} is a zero date"))
                .otherwise(pl.lit(f"{column.source} is NULL")),
            )
            if column.type == "TIMESTAMP" and here and raw.schema[name] == pl.Int64:
                # A MySQL zero date arrives as NULL: the driver cannot carry it.
                reasons[f"null:{name}"] = (
                    column,
                    pl.lit(f"{column.source} is NULL or a zero date"),
                )
        if column.allowed:
            masks[f"code:{name}"] = ~missing & ~pl.col(name).is_in(list(column.allowed))
            reasons[f"code:{name}"] = (
                column,
                pl.lit(f"{column.source} is none of: {', '.join(column.allowed)}"),
            )
    counts = before.select(pl.any_horizontal(mask).sum().alias(k) for k, mask in masks.items())
    found = [k for k, count in counts.row(0, named=True).items() if count]
    return [
        before.filter(masks[k]).select(
            pl.col(ROW),
            pl.lit(reasons[k][0].target).alias("column_name"),
            reasons[k][1].alias("reason"),
        )
        for k in found
    ]


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
