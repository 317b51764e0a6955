"""The tables a client statement shows for each account, from rounded figures."""

from __future__ import annotations

from decimal import Decimal

from exports.statements.client_figures import AccountFigures, TradeFigures
from exports.statements.client_records import COMPONENTS
from exports.statements.document import Cell, Column, Section
from warehouse.money import round_half_away

LABELS = {
    "deposits": "Deposits",
    "withdrawals": "Withdrawals",
    "internal_transfers": "Transfers between your accounts",
    "closed_pnl": "Profit and loss of closed trades",
    "swap": "Swap",
    "commission": "Commission",
    "commission_round": "Commission, round turn",
    "fees": "Fees",
    "agent_commission": "Agent commission",
    "interest": "Interest",
    "dividends": "Dividends",
    "taxes": "Taxes",
    "charges": "Charges",
    "corrections": "Corrections",
    "bonus": "Bonus",
    "stop_out_compensation": "Negative balance compensation",
}
_OPERATIONS = {
    "deposit": "Deposit",
    "withdrawal": "Withdrawal",
    "internal_transfer": "Transfer between your accounts",
    "credit": "Credit",
    "charge": "Charge",
    "correction": "Correction",
    "bonus": "Bonus",
    "commission": "Commission",
    "commission_round": "Commission, round turn",
    "agent": "Agent commission",
    "interest": "Interest",
    "dividend": "Dividend",
    "tax": "Tax",
    "so_compensation": "Negative balance compensation",
    "so_compensation_credit": "Negative balance compensation, credit",
    "cancelled": "Cancelled trade",
}
_COST_OPERATIONS = ("commission", "commission_round", "charge", "tax", "agent", "interest")
_ENTRIES = {"in": "open", "out": "close", "in_out": "reverse", "out_by": "close by"}
_LOT_DIGITS = 2
_DEFAULT_PRICE_DIGITS = 5
_ZERO = Decimal(0)


def money_columns(*names: tuple[str, str]) -> tuple[Column, ...]:
    """Columns of money, from keys and titles."""
    return tuple(Column(key, title, "money") for key, title in names)


def _lots(lots: Decimal) -> Decimal:
    # Lots have two decimals on most platforms; where more are used they are shown.
    digits = -int(lots.normalize().as_tuple().exponent)
    return round_half_away(lots, max(_LOT_DIGITS, digits))


def _price(price: Decimal, digits: int | None) -> Decimal:
    return round_half_away(price, _DEFAULT_PRICE_DIGITS if digits is None else digits)


def roll_forward(figures: AccountFigures) -> Section:
    """From the previous balance to the closing one, every component that moved, and equity."""
    rows: list[tuple[Cell, ...]] = [
        ("previous_balance", "Previous balance", figures.opening_balance),
        *(
            (name, LABELS[name], figures.components[name])
            for name in COMPONENTS
            if figures.components[name]
        ),
        ("closing_balance", "Closing balance", figures.closing_balance),
    ]
    if figures.credit_change:
        rows += [
            ("previous_credit", "Previous credit", figures.opening_credit),
            ("credit_change", "Credit granted or taken back", figures.credit_change),
        ]
    rows += [
        ("closing_credit", "Credit", figures.closing_credit),
        ("floating_pnl", "Floating profit and loss of open positions", figures.floating_pnl),
        ("floating_swap", "Accrued swap of open positions", figures.floating_swap),
        ("equity", "Equity", figures.equity),
    ]
    columns = (
        Column("item", "Item"),
        Column("label", "Description"),
        *money_columns(("amount", "Amount")),
    )
    return Section("summary", "Summary", columns, tuple(rows), currency=figures.currency)


def cash_movements(figures: AccountFigures) -> Section:
    """Deposits, withdrawals, transfers and every other operation that is no trade."""
    rows = tuple(
        (
            operation.deal.executed_at,
            str(operation.deal.deal_id),
            _OPERATIONS.get(operation.deal.component, operation.deal.component),
            operation.deal.comment or "",
            operation.balance,
            operation.credit,
        )
        for operation in figures.operations
    )
    columns = (
        Column("time", "Time", "time"),
        Column("deal", "Operation"),
        Column("kind", "Kind"),
        Column("reference", "Reference"),
        *money_columns(("balance", "Balance"), ("credit", "Credit")),
    )
    section = Section("cash_movements", "Cash movements", columns, rows, currency=figures.currency)
    return section.with_total(figures.digits)


def deals(figures: AccountFigures) -> Section:
    """Every deal of the period with what it moved."""
    rows = tuple(
        (
            trade.deal.executed_at,
            str(trade.deal.deal_id),
            str(trade.deal.position_id or ""),
            trade.deal.symbol or "",
            trade.deal.action,
            _ENTRIES.get(trade.deal.entry or "", trade.deal.entry or ""),
            _lots(trade.deal.lots),
            _price(trade.deal.price, trade.deal.price_digits),
            trade.commission,
            trade.fee,
            trade.swap,
            trade.closed_pnl,
        )
        for trade in figures.trades
    )
    columns = (
        Column("time", "Time", "time"),
        Column("deal", "Deal"),
        Column("position", "Position"),
        Column("symbol", "Symbol"),
        Column("side", "Side"),
        Column("entry", "Entry"),
        Column("lots", "Lots", "lots"),
        Column("price", "Price", "price"),
        *money_columns(
            ("commission", "Commission"),
            ("fee", "Fee"),
            ("swap", "Swap"),
            ("closed_pnl", "Profit"),
        ),
    )
    section = Section("deals", "Deals", columns, rows, currency=figures.currency)
    return section.without_empty(("commission", "fee", "swap")).with_total(figures.digits)


def closed_positions(figures: AccountFigures) -> Section:
    """Positions that became flat in the period, over their whole life."""
    rows = tuple(
        (
            row.position.opened_at,
            row.position.closed_at,
            str(row.position.position_id),
            row.position.symbol,
            row.position.side,
            _lots(row.position.lots),
            _price(row.position.open_value / row.position.lots, row.position.price_digits),
            _price(row.position.close_value / row.position.lots, row.position.price_digits),
            row.commission,
            row.swap,
            row.closed_pnl,
        )
        for row in figures.closed_positions
    )
    columns = (
        Column("opened", "Opened", "time"),
        Column("closed", "Closed", "time"),
        Column("position", "Position"),
        Column("symbol", "Symbol"),
        Column("side", "Side"),
        Column("lots", "Lots", "lots"),
        Column("open_price", "Open price", "price"),
        Column("close_price", "Close price", "price"),
        *money_columns(
            ("commission", "Commission, fees"), ("swap", "Swap"), ("closed_pnl", "Profit")
        ),
    )
    section = Section(
        "closed_positions",
        "Closed positions",
        columns,
        rows,
        currency=figures.currency,
        note="Over the whole life of each position, which may have begun in an earlier period; "
        "prices are averages by volume.",
    )
    return section.with_total(figures.digits)


def open_positions(figures: AccountFigures) -> Section:
    """Positions open at the last close of the period."""
    rows = tuple(
        (
            row.position.opened_at,
            str(row.position.position_id),
            row.position.symbol,
            row.position.side,
            _lots(row.position.lots),
            _price(row.position.open_price, row.position.price_digits),
            _price(row.position.close_price, row.position.price_digits),
            row.floating_swap,
            row.floating_pnl,
        )
        for row in figures.open_positions
    )
    columns = (
        Column("opened", "Opened", "time"),
        Column("position", "Position"),
        Column("symbol", "Symbol"),
        Column("side", "Side"),
        Column("lots", "Lots", "lots"),
        Column("open_price", "Open price", "price"),
        Column("close_price", "Closing price", "price"),
        *money_columns(("floating_swap", "Swap"), ("floating_pnl", "Floating profit")),
    )
    section = Section(
        "open_positions",
        "Open positions",
        columns,
        rows,
        currency=figures.currency,
        empty="None at the end of this period.",
    )
    return section.with_total(figures.digits)


def costs(figures: AccountFigures) -> Section:
    """What trading cost in the period, by symbol, and charges booked apart from trades."""
    by_symbol: dict[str, list[TradeFigures]] = {}
    for trade in figures.trades:
        by_symbol.setdefault(trade.deal.symbol or "", []).append(trade)
    rows: list[tuple[Cell, ...]] = []
    for symbol in sorted(by_symbol):
        trades = by_symbol[symbol]
        commission = sum((trade.commission for trade in trades), _ZERO)
        fee = sum((trade.fee for trade in trades), _ZERO)
        swap = sum((trade.swap for trade in trades), _ZERO)
        lots = sum((trade.deal.lots for trade in trades), _ZERO)
        rows.append((symbol, _lots(lots), commission, fee, swap, commission + fee + swap))
    for component in _COST_OPERATIONS:
        charged = [row.balance for row in figures.operations if row.deal.component == component]
        if any(charged):
            total = sum(charged, _ZERO)
            rows.append((_OPERATIONS[component], None, None, None, None, total))
    columns = (
        Column("item", "Symbol or charge"),
        Column("lots", "Lots traded", "lots"),
        *money_columns(
            ("commission", "Commission"), ("fee", "Fees"), ("swap", "Swap"), ("total", "Total")
        ),
    )
    section = Section(
        "costs",
        "Costs and charges of the period",
        columns,
        tuple(rows),
        currency=figures.currency,
        note="Negative amounts were charged to you, positive ones were credited.",
    )
    return section.with_total(figures.digits)
