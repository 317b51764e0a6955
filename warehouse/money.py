"""Rounding at the point where a figure leaves the house."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 minor units that are not 2, and the codes brokers use beside it.
_MINOR_UNITS = {
    "BHD": 3,
    "BTC": 8,
    "CLP": 0,
    "ETH": 8,
    "IQD": 3,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "LYD": 3,
    "OMR": 3,
    "PYG": 0,
    "TND": 3,
    "UGX": 0,
    "VND": 0,
    "XAF": 0,
    "XOF": 0,
    "XPF": 0,
}


def minor_unit(currency: str) -> int:
    """Decimal places of a currency (ISO 4217; BTC and ETH 8)."""
    return _MINOR_UNITS.get(currency, 2)


def round_half_away(amount: Decimal, digits: int) -> Decimal:
    """Round half away from zero to ``digits`` decimals, as statements and platforms do."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def format_money(amount: Decimal, currency: str) -> str:
    """``-1,234.50``: rounded to the currency's minor unit, thousands separated, no symbol."""
    rounded = round_half_away(amount, minor_unit(currency))
    if rounded == 0:
        rounded = abs(rounded)
    return f"{rounded:,}"


def split_amount(total: Decimal, weights: list[Decimal], digits: int) -> list[Decimal]:
    """Split by largest remainder, so that the rounded parts add up to the rounded total.

    Args:
        total: what to split.
        weights: non-negative shares, not all zero.
        digits: decimal places of each part.
    """
    if not weights or any(weight < 0 for weight in weights) or sum(weights) == 0:
        raise ValueError("weights must be non-negative and not all zero")
    unit = Decimal(1).scaleb(-digits)
    target = round_half_away(total, digits)
    sign = Decimal(-1) if target < 0 else Decimal(1)
    units = int(abs(target) / unit)
    whole = sum(weights)
    exact = [Decimal(units) * weight / whole for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(
        range(len(weights)), key=lambda index: (exact[index] - parts[index], -index), reverse=True
    )
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    return [sign * part * unit for part in parts]
