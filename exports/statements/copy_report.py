"""A strategy's statement before it has a format: investors, fees, and how each was shared out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from exports.rounding import round_parts
from exports.statements.catalogue import Catalogue
from exports.statements.client_document import Issue, corrections, facts
from exports.statements.client_sections import column, money_columns
from exports.statements.copy_records import CopyFee, CopyRecords
from exports.statements.document import Cell, Fact, Part, Section, StatementDocument
from exports.statements.partner import masked
from exports.statements.presentation import Presentation
from warehouse.money import minor_unit, round_half_away

_ZERO = Decimal(0)
_RATE_DIGITS = 6
_REASONS = {
    "no such fee is agreed": "not_agreed",
    "no equity": "no_equity",
    "at the high-water mark": "at_mark",
    "the fee agreed is zero": "zero",
    "no rate of the day converts the subscription": "no_rate",
    "rounds to nothing": "rounds",
}


def copy_document(
    records: CopyRecords, issue: Issue, presentation: Presentation
) -> StatementDocument:
    """The statement of a strategy's fees for its manager; investors are masked."""
    words, currency = presentation.words, presentation.reporting_currency
    overview = Part(
        key="consolidated",
        title=words("title.overview"),
        facts=(),
        sections=(
            _totals(records.fees, words),
            _shares(records.fees, currency, words),
        ),
    )
    investors = Part(
        key="investors",
        title=words("title.copy_investors"),
        facts=(),
        sections=(_investors(records.fees, words), _fees(records.fees, words)),
    )
    return StatementDocument(
        number=issue.number,
        kind="copy",
        title=words("title.copy"),
        issuer=presentation.issuer,
        subject=records.name,
        period_label=words.days(issue.period.first, issue.period.last),
        facts=_facts(records, issue, words),
        parts=(overview, investors),
        notes=(
            *corrections(issue, words),
            words("note.copy_mark"),
            words("note.copy_management"),
            words("note.copy_shares", currency=currency),
            words("note.tell_us"),
        ),
        published_at=issue.publication.published_at,
        presentation=presentation,
    )


def _facts(records: CopyRecords, issue: Issue, words: Catalogue) -> tuple[Fact, ...]:
    published = issue.publication
    return facts(
        words,
        {
            "strategy": f"{records.strategy} ({records.subject_key.partition('/')[2]})",
            "strategy_kind": words(f"word.{records.strategy_kind}"),
            "login": records.manager_account.rpartition("/")[2],
            "period": issue.period.text,
            "closed_on": f"{published.published_at:%Y-%m-%d %H:%M} UTC",
            "version": str(published.version),
            "snapshot": str(published.snapshot_id),
            "replaces": issue.replaces or "",
        },
    )


def _shown(fee: CopyFee, amount: Decimal) -> Decimal:
    """An amount of the investor's account in its main currency."""
    return round_half_away(amount / fee.money_divisor, minor_unit(fee.main_currency))


def _sums(fees: Sequence[CopyFee], of: Callable[[CopyFee], Decimal], currency: str) -> Decimal:
    return round_half_away(
        sum((of(fee) / fee.money_divisor for fee in fees), _ZERO), minor_unit(currency)
    )


def _totals(fees: Sequence[CopyFee], words: Catalogue) -> Section:
    rows = []
    for currency, kind in sorted({(fee.main_currency, fee.fee_kind) for fee in fees}):
        own = [fee for fee in fees if (fee.main_currency, fee.fee_kind) == (currency, kind)]
        due = _sums(own, lambda fee: fee.due, currency)
        charged = _sums(own, lambda fee: fee.charged, currency)
        rows.append((words(f"copy_fee.{kind}"), currency, len(own), due, charged, charged - due))
    columns = (
        column(words, "fee_kind"),
        column(words, "currency"),
        column(words, "investors", "count"),
        *money_columns(words, "due", "charged", "difference"),
    )
    return Section("copy_totals", words("section.copy_totals"), columns, tuple(rows))


def _shares(fees: Sequence[CopyFee], currency: str, words: Catalogue) -> Section:
    """What was charged, in reporting currency: partners' part, and what is left of it."""
    digits = minor_unit(currency)
    taken = [fee for fee in fees if fee.charged]

    def rounded(amounts: list[Decimal]) -> list[Decimal]:
        return round_parts(amounts, round_half_away(sum(amounts, _ZERO), digits), digits)

    charged = rounded([fee.charged_reporting or _ZERO for fee in taken])
    partners = rounded([fee.partners_reporting for fee in taken])
    rows = tuple(
        (masked(fee.account_key), words(f"copy_fee.{fee.fee_kind}"), whole, part, whole - part)
        for fee, whole, part in zip(taken, charged, partners, strict=True)
    )
    columns = (
        column(words, "login"),
        column(words, "fee_kind"),
        *money_columns(words, "charged", "partners", "left"),
    )
    section = Section(
        "copy_shares",
        words("section.copy_shares"),
        columns,
        rows,
        currency=currency,
        empty=words("page.none"),
    )
    return section.with_total(digits, words("page.total"))


def _investors(fees: Sequence[CopyFee], words: Catalogue) -> Section:
    by_investment = {(fee.account_key, fee.invested_from): fee for fee in fees}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            masked(fee.client_key or fee.account_key),
            masked(fee.account_key),
            fee.main_currency,
            fee.days,
            *(
                _shown(fee, amount)
                for amount in (
                    fee.average_equity,
                    fee.closing_equity,
                    fee.paid_in,
                    fee.result,
                    fee.result_to_date,
                    fee.mark_before,
                    fee.mark_after,
                )
            ),
        )
        for fee in by_investment.values()
    )
    columns = (
        column(words, "investor"),
        column(words, "login"),
        column(words, "currency"),
        column(words, "days", "count"),
        *money_columns(
            words,
            "average_equity",
            "closing_equity",
            "paid_in",
            "trading_result",
            "result_to_date",
            "mark_before",
            "mark_after",
        ),
    )
    return Section("copy_investors", words("section.copy_investors"), columns, rows)


def _fees(fees: Sequence[CopyFee], words: Catalogue) -> Section:
    rows = tuple(
        (
            masked(fee.account_key),
            words(f"copy_fee.{fee.fee_kind}"),
            fee.main_currency,
            None if fee.fee_kind == "subscription" else _shown(fee, fee.base),
            _shortest(fee.rate),
            _shown(fee, fee.due),
            _shown(fee, fee.charged),
            _shown(fee, fee.charged) - _shown(fee, fee.due),
            _remark(fee, words),
        )
        for fee in fees
    )
    columns = (
        column(words, "login"),
        column(words, "fee_kind"),
        column(words, "currency"),
        *money_columns(words, "base"),
        column(words, "fee_rate", "rate"),
        *money_columns(words, "due", "charged", "difference"),
        column(words, "remark"),
    )
    return Section("copy_fees", words("section.copy_fees"), columns, rows)


def _shortest(rate: Decimal | None) -> Decimal | None:
    """The rate without trailing zeros: two decimals at least, and six where it changed."""
    if rate is None:
        return None
    digits = -int(rate.normalize().as_tuple().exponent)
    return round_half_away(rate, min(max(digits, 2), _RATE_DIGITS))


def _remark(fee: CopyFee, words: Catalogue) -> str:
    """What the figures alone do not say: the subscription agreed, why nothing is due, the state."""
    told = []
    if fee.fee_kind == "subscription" and fee.base:
        currency = fee.base_currency or ""
        amount = words.number(round_half_away(fee.base, minor_unit(currency)))
        told.append(words("copy_remark.subscription", amount=amount, currency=currency))
    if fee.reason is not None and fee.state != "not_reckoned":
        told.append(_reason(fee, fee.reason, words))
    if fee.state != "agrees":
        told.append(words(f"copy_remark.{fee.state}"))
    return "; ".join(told)


def _reason(fee: CopyFee, reason: str, words: Catalogue) -> str:
    if reason in _REASONS:
        return words(f"copy_remark.{_REASONS[reason]}")
    below = _shown(fee, fee.mark_before - fee.result_to_date)
    return words("copy_remark.below_mark", amount=words.number(below), currency=fee.main_currency)
