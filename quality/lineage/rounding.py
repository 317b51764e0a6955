"""Rounding to the digits of a currency, as the books round."""

from __future__ import annotations


def settled(amount: str, digits: str) -> str:
    """An SQL expression of an amount rounded half away from zero to so many digits.

    Args:
        amount: an exact expression.
        digits: an expression: digits of the currency; with eight and more nothing is rounded.
    """
    # DuckDB rounds a decimal to a constant number of digits only.
    cases = " ".join(
        f"WHEN {places} THEN CAST(CAST({amount} AS DECIMAL(38, {places})) AS DECIMAL(24, 8))"
        for places in range(8)
    )
    return f"CASE {digits} {cases} ELSE CAST({amount} AS DECIMAL(24, 8)) END"


def quotient(numerator: str, denominator: str, scale: int = 8) -> str:
    """An SQL expression of a quotient that is right in all of its decimals.

    Args:
        numerator: an exact expression.
        denominator: an exact expression; NULL where it is zero.
        scale: decimals of the quotient.
    """
    kept = f"DECIMAL(24, {scale})"
    first = f"CAST(({numerator}) / nullif({denominator}, 0) AS {kept})"
    rest = f"CAST(({numerator} - {first} * {denominator}) / nullif({denominator}, 0) AS {kept})"
    return f"CAST({first} + {rest} AS {kept})"
