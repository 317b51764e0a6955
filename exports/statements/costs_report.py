"""Ex-post costs and charges (MiFID II): every cost in amount and percent, and its effect.

Delegated Regulation (EU) 2017/565, Art. 50 and Annex II. Percentages are of the average equity of
the period's days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from exports.errors import FiguresDisagreeError
from exports.rounding import round_parts
from exports.statements.catalogue import Catalogue
from exports.statements.client_document import Issue, account_facts, corrections, paper_facts
from exports.statements.client_records import Account
from exports.statements.client_sections import column, money_columns, shown_lots
from exports.statements.costs_records import AccountResults, CostRecords, SymbolCosts
from exports.statements.document import Cell, Part, Section, StatementDocument
from exports.statements.presentation import Presentation
from warehouse.money import minor_unit, round_half_away

_ZERO = Decimal(0)
_PERCENT_DIGITS = 2
_RATE_DIGITS = 6
# The classes of Annex II, table 1.
_CLASSES = {
    "spread": "transaction",
    "commission": "transaction",
    "fees": "transaction",
    "conversion": "transaction",
    "swap": "ongoing",
    "swap_accrued": "ongoing",
    "charges": "ancillary",
}


@dataclass(frozen=True)
class AccountCosts:
    """One account's costs, rounded; the items add up to the total."""

    account: Account
    currency: str
    digits: int
    items: dict[str, Decimal]
    total: Decimal
    exact_total: Decimal
    average_equity: Decimal
    result_after: Decimal
    unknown_spreads: int
    symbols: tuple[SymbolCosts, ...]


def costs_document(
    records: CostRecords, issue: Issue, presentation: Presentation
) -> StatementDocument:
    """The report of a client, or of one account.

    Raises:
        FiguresDisagreeError: no rate converts one of its currencies.
    """
    words = presentation.words
    accounts = [
        _account_costs(account, records.results[account.account_key], records.symbols)
        for account in records.accounts
    ]
    overview = Part(
        key="consolidated",
        title=words("title.overview"),
        facts=(),
        sections=(_overview(accounts, records, presentation),),
        notes=_introducers(records, presentation),
    )
    return StatementDocument(
        number=issue.number,
        kind="costs",
        title=words("title.costs"),
        issuer=presentation.issuer,
        subject=records.name,
        period_label=words.days(issue.period.first, issue.period.last),
        facts=paper_facts(records, issue, words),
        parts=(overview, *(_part(costs, words) for costs in accounts)),
        notes=(
            *corrections(issue, words),
            words("note.costs_basis"),
            words("note.costs_spread"),
            words("note.tell_us"),
        ),
        published_at=issue.publication.published_at,
        presentation=presentation,
    )


def _account_costs(
    account: Account, result: AccountResults, symbols: Sequence[SymbolCosts]
) -> AccountCosts:
    digits = minor_unit(account.main_currency)
    divisor = Decimal(account.money_divisor)
    own = tuple(row for row in symbols if row.account_key == account.account_key)
    conversion = sum((row.conversion for row in own), _ZERO)
    exact = {
        "spread": sum((row.spread for row in own), _ZERO),
        "commission": -result.commission,
        "fees": -result.fees - conversion,
        "conversion": conversion,
        "swap": -result.swap,
        "swap_accrued": -result.floating_swap_change,
        "charges": -result.charges,
    }
    exact_total = sum(exact.values(), _ZERO) / divisor
    total = round_half_away(exact_total, digits)
    parts = round_parts([amount / divisor for amount in exact.values()], total, digits)
    after = (
        result.closed_pnl
        + result.swap
        + result.commission
        + result.fees
        + result.charges
        + result.floating_pnl_change
        + result.floating_swap_change
    )
    average = result.equity_days / result.days if result.days else _ZERO
    return AccountCosts(
        account=account,
        currency=account.main_currency,
        digits=digits,
        items=dict(zip(exact, parts, strict=True)),
        total=total,
        exact_total=exact_total,
        average_equity=round_half_away(average / divisor, digits),
        result_after=round_half_away(after / divisor, digits),
        unknown_spreads=sum(row.unknown_spreads for row in own),
        symbols=own,
    )


def _percent(amount: Decimal, base: Decimal) -> Decimal | None:
    if base <= 0:
        return None
    return round_half_away(100 * amount / base, _PERCENT_DIGITS)


def _part(costs: AccountCosts, words: Catalogue) -> Part:
    account = costs.account
    notes = []
    if costs.unknown_spreads:
        notes.append(words("note.costs_unknown", deals=costs.unknown_spreads))
    return Part(
        key=account.account_key,
        title=words("title.account_part", login=account.login),
        facts=account_facts(account, words),
        sections=(_items(costs, words), _effect(costs, words), _by_symbol(costs, words)),
        notes=tuple(notes),
    )


def _items(costs: AccountCosts, words: Catalogue) -> Section:
    base = costs.average_equity
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            words(f"cost.{name}"),
            words(f"cost_class.{_CLASSES[name]}"),
            amount,
            _percent(amount, base),
        )
        for name, amount in costs.items.items()
    )
    columns = (
        column(words, "cost"),
        column(words, "cost_class"),
        *money_columns(words, "amount"),
        column(words, "percent", "rate"),
    )
    total: tuple[Cell, ...] = (
        words("page.total"), None, costs.total, _percent(costs.total, base)
    )  # fmt: skip
    return Section(
        "costs_items",
        words("section.costs_items"),
        columns,
        rows,
        total=total,
        currency=costs.currency,
    )


def _effect(costs: AccountCosts, words: Catalogue) -> Section:
    before = costs.result_after + costs.total
    lines = (
        ("average_equity", costs.average_equity, None),
        ("result_before_costs", before, _percent(before, costs.average_equity)),
        ("costs", -costs.total, _percent(-costs.total, costs.average_equity)),
        (
            "result_after_costs",
            costs.result_after,
            _percent(costs.result_after, costs.average_equity),
        ),
    )
    rows = tuple((words(f"cost.{name}"), amount, percent) for name, amount, percent in lines)
    columns = (
        column(words, "label"),
        *money_columns(words, "amount"),
        column(words, "percent", "rate"),
    )
    title = words("section.costs_effect")
    return Section("costs_effect", title, columns, rows, currency=costs.currency)


def _by_symbol(costs: AccountCosts, words: Catalogue) -> Section:
    divisor = Decimal(costs.account.money_divisor)

    def rounded(amount: Decimal) -> Decimal:
        return round_half_away(amount / divisor, costs.digits)

    def totalled(amounts: list[Decimal]) -> list[Decimal]:
        exact = [amount / divisor for amount in amounts]
        whole = round_half_away(sum(exact, _ZERO), costs.digits)
        return round_parts(exact, whole, costs.digits)

    table = [
        totalled([row.spread for row in costs.symbols]),
        totalled([row.commission for row in costs.symbols]),
        totalled([row.fee + row.conversion for row in costs.symbols]),
        totalled([row.swap for row in costs.symbols]),
    ]
    rows = tuple(
        (
            row.symbol,
            row.deals,
            shown_lots(row.lots),
            rounded(row.turnover) if row.turnover is not None else None,
            *amounts,
            sum(amounts, _ZERO),
        )
        for row, amounts in zip(costs.symbols, zip(*table, strict=True), strict=True)
    )
    columns = (
        column(words, "symbol"),
        column(words, "deals", "count"),
        column(words, "lots", "lots"),
        column(words, "turnover", "money"),
        *money_columns(words, "spread", "commission", "fees", "swap", "total"),
    )
    section = Section(
        "costs_symbols",
        words("section.costs_symbols"),
        columns,
        rows,
        currency=costs.currency,
        empty=words("page.none"),
    )
    return section.with_total(costs.digits, words("page.total"))


def _overview(
    accounts: list[AccountCosts], records: CostRecords, presentation: Presentation
) -> Section:
    words, currency = presentation.words, presentation.reporting_currency
    used = [_rate(costs.currency, records, currency) for costs in accounts]
    exact = [costs.exact_total * rate for costs, rate in zip(accounts, used, strict=True)]
    digits = minor_unit(currency)
    converted = round_parts(exact, round_half_away(sum(exact, _ZERO), digits), digits)
    rows = tuple(
        (
            str(costs.account.login),
            costs.account.server_id,
            costs.currency,
            costs.total,
            costs.average_equity,
            _percent(costs.total, costs.average_equity),
            round_half_away(rate, _RATE_DIGITS),
            amount,
        )
        for costs, rate, amount in zip(accounts, used, converted, strict=True)
    )
    columns = (
        column(words, "login"),
        column(words, "server"),
        column(words, "currency"),
        *money_columns(words, "costs", "average_equity"),
        column(words, "percent", "rate"),
        column(words, "rate", "rate", currency=currency),
        *money_columns(words, "costs_reporting", currency=currency),
    )
    whole: tuple[Cell, ...] = (
        words("page.total"),
        *([None] * (len(columns) - 2)),
        sum(converted, round_half_away(_ZERO, digits)),
    )
    return Section("costs_accounts", words("section.accounts"), columns, rows, total=whole)


def _rate(currency: str, records: CostRecords, reporting_currency: str) -> Decimal:
    if currency == reporting_currency:
        return Decimal(1)
    if currency not in records.rates:
        raise FiguresDisagreeError(
            f"No rate converts {currency} to {reporting_currency} at the end of the period.",
            where="canonical.can_fx_to_reporting",
            todo="load the missing rates, rebuild, and close the period again",
        )
    return records.rates[currency].rate


def _introducers(records: CostRecords, presentation: Presentation) -> tuple[str, ...]:
    if not records.introducer_amount:
        return ()
    currency = presentation.reporting_currency
    amount = round_half_away(records.introducer_amount, minor_unit(currency))
    return (presentation.words("note.introducers", amount=f"{amount:,f}", currency=currency),)
