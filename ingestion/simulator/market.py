"""What the simulated broker offers: its symbols and its account groups."""

from __future__ import annotations

from dataclasses import dataclass

TENANT, SERVER_ID = "demo", "mt5_live"
# A white-label broker under the same roof: a server and books of its own.
WHITE_LABEL, WHITE_LABEL_SERVER = "aurora", "mt5_aurora"
CURRENCY_DIGITS = {"USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "AUD": 2, "CAD": 2, "NZD": 2, "JPY": 0}
CURRENCY_DIGITS["USC"] = 2


def main_currency(currency: str) -> str:
    """USC (US cent) is reported in USD; every other currency in itself."""
    return "USD" if currency == "USC" else currency


def money_divisor(currency: str) -> int:
    """100 for cent accounts, else 1."""
    return 100 if currency == "USC" else 1


@dataclass(frozen=True)
class SymbolSpec:
    """One row of mt5_symbols. ``spread_points`` is full bid-ask; swaps are points per lot and day.

    ``mid_of`` names the price walk that several symbols share (EURUSD, EURUSD.pro, EURUSD.c).
    """

    symbol: str
    path: str
    description: str
    base: str
    profit: str
    digits: int
    contract_size: float
    spread_points: int
    swap_long: float
    swap_short: float
    daily_volatility: float
    popularity: float
    calc_mode: int = 0

    @property
    def mid_of(self) -> str:
        return self.symbol.split(".")[0]


def _fx(
    symbol: str, digits: int, spread: int, long: float, short: float, popularity: float
) -> SymbolSpec:
    base, profit = symbol[:3], symbol[3:]
    return SymbolSpec(
        symbol, f"Forex\\Majors\\{symbol}", f"{base} vs {profit}", base, profit, digits,
        100_000.0, spread, long, short, 0.005, popularity,
    )  # fmt: skip


SYMBOLS: tuple[SymbolSpec, ...] = (
    _fx("EURUSD", 5, 12, -6.4, 2.1, 22),
    _fx("GBPUSD", 5, 15, -3.2, -1.4, 12),
    _fx("USDJPY", 3, 13, 8.9, -18.2, 12),
    _fx("USDCHF", 5, 16, 5.6, -11.3, 4),
    _fx("AUDUSD", 5, 14, -2.1, -0.9, 5),
    _fx("NZDUSD", 5, 18, -1.7, -1.1, 3),
    _fx("USDCAD", 5, 16, 1.3, -6.1, 4),
    _fx("EURJPY", 3, 17, 3.8, -12.7, 5),
    _fx("GBPJPY", 3, 24, 7.7, -19.4, 5),
    _fx("EURGBP", 5, 14, -5.2, 1.2, 4),
    SymbolSpec(
        "XAUUSD", "Metals\\XAUUSD", "Gold vs US Dollar", "XAU", "USD", 2, 100.0, 22,
        -38.0, 17.0, 0.011, 14, calc_mode=2,
    ),
    SymbolSpec(
        "US500", "Indices\\US500", "US 500 Index", "USD", "USD", 1, 10.0, 6,
        -11.0, 2.0, 0.009, 8, calc_mode=3,
    ),
    SymbolSpec(
        "EURUSD.pro", "Forex\\Pro\\EURUSD.pro", "EUR vs USD, raw spread", "EUR", "USD", 5,
        100_000.0, 2, -6.0, 1.9, 0.005, 30,
    ),
    SymbolSpec(
        "EURUSD.c", "Forex\\Cent\\EURUSD.c", "EUR vs USD, cent contract", "EUR", "USD", 5,
        1_000.0, 15, -6.8, 1.6, 0.005, 30,
    ),
    SymbolSpec(
        "GBPUSD.c", "Forex\\Cent\\GBPUSD.c", "GBP vs USD, cent contract", "GBP", "USD", 5,
        1_000.0, 19, -3.6, -1.8, 0.005, 15,
    ),
)  # fmt: skip

SYMBOL_INDEX = {spec.symbol: index for index, spec in enumerate(SYMBOLS)}


@dataclass(frozen=True)
class GroupSpec:
    """One row of mt5_groups, with what the broker charges there.

    ``commission_per_lot`` and ``fee_per_lot`` are in account currency, charged at entry.
    """

    group: str
    currency: str
    margin_mode: int
    book: str
    symbols: tuple[str, ...]
    commission_per_lot: float = 0.0
    fee_per_lot: float = 0.0
    excluded: bool = False
    smallest_volume: int = 1
    """In hundredths of a lot."""

    @property
    def netting(self) -> bool:
        return self.margin_mode == 0


_STANDARD = tuple(spec.symbol for spec in SYMBOLS if "." not in spec.symbol)
_PRO = ("EURUSD.pro", *(symbol for symbol in _STANDARD if symbol != "EURUSD"))
_CENT = ("EURUSD.c", "GBPUSD.c")

GROUPS: tuple[GroupSpec, ...] = (
    GroupSpec(r"real\B-USD", "USD", 2, "B", _STANDARD),
    GroupSpec(r"real\B-EUR", "EUR", 2, "B", _STANDARD),
    GroupSpec(r"real\A-ECN-USD", "USD", 0, "A", _PRO, commission_per_lot=3.5),
    GroupSpec(r"real\B-cent-USC", "USC", 2, "B", _CENT, smallest_volume=100),
    GroupSpec(r"real\B-GBP", "GBP", 0, "B", _STANDARD),
    GroupSpec(r"real\B-JPY", "JPY", 2, "B", _STANDARD),
    GroupSpec(r"real\A-ECN-EUR", "EUR", 2, "A", _PRO, commission_per_lot=3.0, fee_per_lot=0.4),
    GroupSpec(r"managers\administrators", "USD", 2, "B", _STANDARD, excluded=True),
    GroupSpec(r"demo\forex-hedge-usd", "USD", 2, "B", _STANDARD, excluded=True),
    GroupSpec(r"test\internal", "USD", 2, "B", _STANDARD, excluded=True),
)

GROUP_INDEX = {spec.group: index for index, spec in enumerate(GROUPS)}
CLIENT_GROUP_CYCLE = tuple(
    GROUP_INDEX[name]
    for name in (
        r"real\B-USD", r"real\B-EUR", r"real\A-ECN-USD", r"real\B-cent-USC",
        r"real\B-GBP", r"real\B-JPY", r"real\A-ECN-EUR",
    )
)  # fmt: skip
