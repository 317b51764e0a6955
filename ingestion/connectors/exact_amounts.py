"""Amounts with more decimals than the lake's DECIMAL(24,8): rounded, and kept as stated beside it.

Tokens on Ethereum have 18 decimals. Refusing such a row would take a whole payment out of the books
for a billionth of a coin; cutting it in silence would leave an unexplained rest. So the amount is
rounded half away from zero to 8 decimals and the text the source stated is kept in
``<column>_exact``, which is NULL wherever the amount itself is exact.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import polars as pl

from ingestion.contracts import TableContract
from ingestion.problems import Problem

_STEP = Decimal("0.00000001")


def stated_amount(value: object) -> tuple[str | None, str | None]:
    """An amount as text with at most 8 decimals, and its exact text where that is not all of it.

    What is no number comes back as it is, so that the contract's check refuses it by its name.
    """
    if value is None or value == "":
        return None, None
    text = str(value).strip()
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return text, None
    if not amount.is_finite() or amount.adjusted() > 20:
        return text, None
    rounded = amount.quantize(_STEP, rounding=ROUND_HALF_UP)
    return f"{rounded:f}", None if rounded == amount else text


def amount_columns(column: str, value: object) -> dict[str, str | None]:
    """``column`` and ``column_exact`` of a stated amount."""
    rounded, exact = stated_amount(value)
    return {column: rounded, f"{column}_exact": exact}


def exact_columns(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The same for whole columns of plain decimal texts (``-1058.09``)."""
    more = [c for c in columns if frame[c].str.contains(r"\.\d{8}\d*[1-9]").any()]
    wide = {c: pl.col(c).cast(pl.Decimal(38, 18), strict=False) for c in more}
    return frame.with_columns(
        *(
            pl.when(pl.col(c).str.contains(r"\.\d{8}\d*[1-9]")).then(pl.col(c)).alias(f"{c}_exact")
            for c in columns
        )
    ).with_columns(
        *(
            pl.when(pl.col(f"{c}_exact").is_not_null() & wide[c].is_not_null())
            .then(wide[c].round(8, mode="half_away_from_zero").cast(pl.String))
            .otherwise(pl.col(c))
            .alias(c)
            for c in more
        )
    )


def rounding_problems(contract: TableContract, name: str, *frames: pl.DataFrame) -> list[Problem]:
    """A warning that counts the rows of a file in which an amount was rounded; none for none."""
    rounded = sum(
        frame.select(pl.any_horizontal(pl.col("^.*_exact$").is_not_null()).sum()).item()
        for frame in frames
        if frame.height
    )
    if not rounded:
        return []
    return [
        Problem(
            contract.table,
            "warning",
            f"{name}: {rounded} rows state amounts with more than 8 decimals; they are rounded, "
            "and kept as stated in the columns whose name ends in _exact.",
            "nothing; sum the exact texts where a billionth of a coin matters",
        )
    ]
