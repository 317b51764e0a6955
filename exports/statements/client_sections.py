"""The tables a client statement shows for each account, from rounded figures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from exports.statements.catalogue import Catalogue
from exports.statements.client_figures import AccountFigures, TradeFigures
from exports.statements.client_records import COMPONENTS, Deal
from exports.statements.document import Cell, Column, ColumnKind, Section
from warehouse.money import round_half_away

_COST_OPERATIONS = ("commission", "commission_round", "charge", "tax", "agent", "interest")
_LOT_DIGITS = 2
_DEFAULT_PRICE_DIGITS = 5
_ZERO = Decimal(0)


def column(
    words: Catalogue, key: str, kind: ColumnKind = "text", *, title: str = "", currency: str = ""
) -> Column:
    """A column under the words of its key, or of another where the title differs."""
    values = {"currency": currency} if currency else {}
    return Column(key, words(f"column.{title or key}", **values), kind)


def money_columns(words: Catalogue, *keys: str, currency: str = "") -> tuple[Column, ...]:
    """Columns of money under the words of their keys."""
    return tuple(column(words, key, "money", currency=currency) for key in keys)


def _table(
    words: Catalogue,
    key: str,
    columns: tuple[Column, ...],
    rows: tuple[tuple[Cell, ...], ...],
    currency: str,
    *,
    note: str = "",
    empty: str = "none",
) -> Section:
    return Section(
        key,
        words(f"section.{key}"),
        columns,
        rows,
        currency=currency,
        note=words(f"note.{note}") if note else "",
        empty=words(f"page.{empty}"),
    )


def shown_lots(lots: Decimal) -> Decimal:
    """Lots with two decimals, or as many as they need."""
    # Lots have two decimals on most platforms; where more are used they are shown.
    digits = -int(lots.normalize().as_tuple().exponent)
    return round_half_away(lots, max(_LOT_DIGITS, digits))


def _price(price: Decimal, digits: int | None) -> Decimal:
    return round_half_away(price, _DEFAULT_PRICE_DIGITS if digits is None else digits)


def roll_forward(figures: AccountFigures, words: Catalogue) -> Section:
    """From the previous balance to the closing one, every component that moved, and equity."""
    lines = [
        ("previous_balance", figures.opening_balance),
        *((name, figures.components[name]) for name in COMPONENTS if figures.components[name]),
        ("closing_balance", figures.closing_balance),
    ]
    if figures.credit_change:
        lines += [
            ("previous_credit", figures.opening_credit),
            ("credit_change", figures.credit_change),
        ]
    lines += [
        ("closing_credit", figures.closing_credit),
        ("floating_pnl", figures.floating_pnl),
        ("floating_swap", figures.floating_swap),
        ("equity", figures.equity),
    ]
    return _items(words, "summary", lines, figures.currency)


def _items(
    words: Catalogue, key: str, lines: Sequence[tuple[str, Decimal]], currency: str
) -> Section:
    columns = (
        column(words, "item"),
        column(words, "label"),
        *money_columns(words, "amount"),
    )
    rows = tuple((name, words(f"item.{name}"), amount) for name, amount in lines)
    return Section(key, words(f"section.{key}"), columns, rows, currency=currency)


def margin(figures: AccountFigures, words: Catalogue) -> Section | None:
    """Margin in use, free margin and level at the last close; None where no platform reports it."""
    if figures.margin is None:
        return None
    columns = (
        Column("margin", words("item.margin"), "money"),
        Column("free_margin", words("item.free_margin"), "money"),
        Column("margin_level", words("item.margin_level"), "rate"),
    )
    row = (figures.margin.margin, figures.margin.free_margin, figures.margin.level_pct)
    return Section(
        "margin",
        words("section.margin"),
        columns,
        (row,),
        currency=figures.currency,
        note=words("note.margin_of", day=words.date(figures.margin.business_date)),
    )


def cash_movements(figures: AccountFigures, words: Catalogue) -> Section:
    """Deposits, withdrawals, transfers and every other operation that is no trade."""
    rows = tuple(
        (
            operation.deal.executed_at,
            str(operation.deal.deal_id),
            _kind(operation.deal, words),
            operation.deal.comment or "",
            operation.balance,
            operation.credit,
        )
        for operation in figures.operations
    )
    columns = (
        column(words, "time", "time"),
        column(words, "deal", title="operation"),
        column(words, "kind"),
        column(words, "reference"),
        *money_columns(words, "balance", "credit"),
    )
    section = _table(words, "cash_movements", columns, rows, figures.currency)
    return section.with_total(figures.digits, words("page.total"))


def _kind(deal: Deal, words: Catalogue) -> str:
    """What an operation is: a fee by the platform's own name for it, where it has words."""
    if deal.component == "fee" and f"operation.{deal.action}" in words.words:
        return words(f"operation.{deal.action}")
    return words.known("operation", deal.component)


def deals(figures: AccountFigures, words: Catalogue) -> Section:
    """Every deal of the period with what it moved."""
    rows = tuple(
        (
            trade.deal.executed_at,
            str(trade.deal.deal_id),
            str(trade.deal.position_id or ""),
            trade.deal.symbol or "",
            words.known("word", trade.deal.action),
            words.known("word", trade.deal.entry or ""),
            shown_lots(trade.deal.lots),
            _price(trade.deal.price, trade.deal.price_digits),
            trade.commission,
            trade.fee,
            trade.swap,
            trade.closed_pnl,
        )
        for trade in figures.trades
    )
    columns = (
        column(words, "time", "time"),
        column(words, "deal"),
        column(words, "position"),
        column(words, "symbol"),
        column(words, "side"),
        column(words, "entry"),
        column(words, "lots", "lots"),
        column(words, "price", "price"),
        *money_columns(words, "commission", "fee", "swap", "closed_pnl"),
    )
    section = _table(words, "deals", columns, rows, figures.currency)
    shown = section.without_empty(("commission", "fee", "swap"))
    return shown.with_total(figures.digits, words("page.total"))


def closed_positions(figures: AccountFigures, words: Catalogue) -> Section:
    """Positions that became flat in the period, over their whole life."""
    rows = tuple(
        (
            row.position.opened_at,
            row.position.closed_at,
            str(row.position.position_id),
            row.position.symbol,
            words.known("word", row.position.side),
            shown_lots(row.position.lots),
            _price(row.position.open_value / row.position.lots, row.position.price_digits),
            _price(row.position.close_value / row.position.lots, row.position.price_digits),
            row.commission,
            row.swap,
            row.closed_pnl,
        )
        for row in figures.closed_positions
    )
    columns = (
        column(words, "opened", "time"),
        column(words, "closed", "time"),
        column(words, "position"),
        column(words, "symbol"),
        column(words, "side"),
        column(words, "lots", "lots"),
        column(words, "open_price", "price"),
        column(words, "close_price", "price"),
        column(words, "commission", "money", title="commission_fees"),
        *money_columns(words, "swap", "closed_pnl"),
    )
    section = _table(
        words, "closed_positions", columns, rows, figures.currency, note="closed_positions"
    )
    return section.with_total(figures.digits, words("page.total"))


def open_positions(figures: AccountFigures, words: Catalogue) -> Section:
    """Positions open at the last close of the period."""
    rows = tuple(
        (
            row.position.opened_at,
            str(row.position.position_id),
            row.position.symbol,
            words.known("word", row.position.side),
            shown_lots(row.position.lots),
            _price(row.position.open_price, row.position.price_digits),
            _price(row.position.close_price, row.position.price_digits),
            row.floating_swap,
            row.floating_pnl,
        )
        for row in figures.open_positions
    )
    columns = (
        column(words, "opened", "time"),
        column(words, "position"),
        column(words, "symbol"),
        column(words, "side"),
        column(words, "lots", "lots"),
        column(words, "open_price", "price"),
        column(words, "close_price", "price", title="closing_price"),
        *money_columns(words, "floating_swap", "floating_pnl"),
    )
    section = _table(words, "open_positions", columns, rows, figures.currency, empty="none_at_end")
    return section.with_total(figures.digits, words("page.total"))


def working_orders(figures: AccountFigures, words: Catalogue) -> Section:
    """Pending orders that waited at the end of the period."""
    rows = tuple(
        (
            order.placed_at,
            str(order.order_id),
            order.symbol,
            words.known("word", order.order_type),
            shown_lots(order.lots),
            _price(order.price, order.price_digits),
            _price(order.stop_loss, order.price_digits) if order.stop_loss else None,
            _price(order.take_profit, order.price_digits) if order.take_profit else None,
        )
        for order in figures.working_orders
    )
    columns = (
        column(words, "placed", "time"),
        column(words, "order"),
        column(words, "symbol"),
        column(words, "order_type"),
        column(words, "lots", "lots"),
        column(words, "order_price", "price"),
        column(words, "stop_loss", "price"),
        column(words, "take_profit", "price"),
    )
    return _table(words, "working_orders", columns, rows, "", empty="none_at_end")


def costs(figures: AccountFigures, words: Catalogue) -> Section:
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
        rows.append((symbol, shown_lots(lots), commission, fee, swap, commission + fee + swap))
    for component in _COST_OPERATIONS:
        charged = [row.balance for row in figures.operations if row.deal.component == component]
        if any(charged):
            total = sum(charged, _ZERO)
            rows.append((words(f"operation.{component}"), None, None, None, None, total))
    columns = (
        column(words, "item", title="cost_item"),
        column(words, "lots", "lots", title="lots_traded"),
        *money_columns(words, "commission"),
        column(words, "fee", "money", title="fees"),
        *money_columns(words, "swap", "total"),
    )
    section = _table(words, "costs", columns, tuple(rows), figures.currency, note="costs_sign")
    return section.with_total(figures.digits, words("page.total"))
