"""The figure and the warning texts it stands in (Annex II of the Decision)."""

from __future__ import annotations

from decimal import Decimal

from warehouse.money import round_half_away

STANDARD = (
    "CFDs are complex instruments and come with a high risk of losing money rapidly due to "
    "leverage. {figure} % of retail investor accounts lose money when trading CFDs with this "
    "provider. You should consider whether you understand how CFDs work and whether you can "
    "afford to take the high risk of losing your money."
)
ABBREVIATED = (
    "{figure} % of retail investor accounts lose money when trading CFDs with this provider. You "
    "should consider whether you can afford to take the high risk of losing your money."
)
REDUCED = "{figure} % of retail CFD accounts lose money."


def percentage(losing: int, included: int, decimals: int) -> Decimal | None:
    """Losing accounts of a hundred, half away from zero; None where no account counts."""
    if included == 0:
        return None
    return round_half_away(Decimal(losing * 100) / Decimal(included), decimals)


def warnings(figure: Decimal | None) -> dict[str, str]:
    """The three texts with the figure; none where there is no figure to disclose."""
    if figure is None:
        return {}
    return {
        "standard": STANDARD.format(figure=figure),
        "abbreviated": ABBREVIATED.format(figure=figure),
        "reduced_character": REDUCED.format(figure=figure),
    }
