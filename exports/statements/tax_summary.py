"""The annual tax summary: gains and losses apart, income, costs and taxes, as they were booked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from exports.rounding import round_parts
from exports.statements.catalogue import Catalogue
from exports.statements.client_document import Issue, account_facts, corrections, paper_facts
from exports.statements.client_records import Account
from exports.statements.client_sections import column, money_columns
from exports.statements.document import Cell, Part, Section, StatementDocument
from exports.statements.presentation import Presentation
from exports.statements.tax_records import ITEMS, SymbolYear, TaxRecords
from warehouse.money import minor_unit, round_half_away

_ZERO = Decimal(0)


def tax_document(
    records: TaxRecords, issue: Issue, presentation: Presentation
) -> StatementDocument:
    """The summary of a client, or of one account."""
    words, currency = presentation.words, presentation.reporting_currency
    together = {
        name: sum((year.reporting[name] for year in records.years.values()), _ZERO)
        for name in ITEMS
    }
    overview = Part(
        key="consolidated",
        title=words("title.overview"),
        facts=(),
        sections=(_items(together, currency, Decimal(1), words),),
        notes=(words("note.tax_rates", currency=currency),),
    )
    return StatementDocument(
        number=issue.number,
        kind="tax",
        title=words("title.tax"),
        issuer=presentation.issuer,
        subject=records.name,
        period_label=words.days(issue.period.first, issue.period.last),
        facts=paper_facts(records, issue, words),
        parts=(overview, *(_part(account, records, words) for account in records.accounts)),
        notes=(*corrections(issue, words), words("note.tax"), words("note.tell_us")),
        published_at=issue.publication.published_at,
        presentation=presentation,
    )


def _part(account: Account, records: TaxRecords, words: Catalogue) -> Part:
    divisor = Decimal(account.money_divisor)
    year = records.years[account.account_key]
    own = [row for row in records.symbols if row.account_key == account.account_key]
    return Part(
        key=account.account_key,
        title=words("title.account_part", login=account.login),
        facts=account_facts(account, words),
        sections=(
            _items(year.amounts, account.main_currency, divisor, words),
            _by_symbol(own, account, words),
        ),
    )


def _items(
    amounts: dict[str, Decimal], currency: str, divisor: Decimal, words: Catalogue
) -> Section:
    digits = minor_unit(currency)
    exact = [amounts[name] / divisor for name in ITEMS]
    net = round_half_away(sum(exact, _ZERO), digits)
    rows: list[tuple[Cell, ...]] = [
        (name, words(f"tax.{name}"), amount)
        for name, amount in zip(ITEMS, round_parts(exact, net, digits), strict=True)
    ]
    rows.append(("equity", words("tax.net"), net))
    columns = (column(words, "item"), column(words, "label"), *money_columns(words, "amount"))
    return Section("tax_items", words("section.tax_items"), columns, tuple(rows), currency=currency)


def _by_symbol(symbols: list[SymbolYear], account: Account, words: Catalogue) -> Section:
    digits, divisor = minor_unit(account.main_currency), Decimal(account.money_divisor)

    def rounded(of: Callable[[SymbolYear], Decimal]) -> list[Decimal]:
        exact = [of(row) / divisor for row in symbols]
        return round_parts(exact, round_half_away(sum(exact, _ZERO), digits), digits)

    table = zip(
        rounded(lambda row: row.gains),
        rounded(lambda row: row.losses),
        rounded(lambda row: row.swap),
        rounded(lambda row: row.commission),
        strict=True,
    )
    rows = tuple(
        (row.symbol, row.closing_deals, *amounts, sum(amounts, _ZERO))
        for row, amounts in zip(symbols, table, strict=True)
    )
    columns = (
        column(words, "symbol"),
        column(words, "deals", "count"),
        *money_columns(words, "gains", "losses", "swap"),
        column(words, "commission", "money", title="commission_fees"),
        *money_columns(words, "total"),
    )
    section = Section(
        "tax_symbols",
        words("section.tax_symbols"),
        columns,
        rows,
        currency=account.main_currency,
        empty=words("page.none"),
    )
    return section.with_total(digits, words("page.total"))
