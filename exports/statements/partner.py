"""The monthly commission statement of a partner: every line with its trade, rule and rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from exports.publication import Publication, month_of
from exports.rounding import round_parts
from exports.statements.document import Cell, Column, Fact, Part, Section, StatementDocument
from exports.statements.making import MadeStatement, StatementFile, StatementFormat, make
from exports.statements.partner_balance import balance_section, payments_section
from exports.statements.partner_records import (
    GroupTotal,
    LedgerLine,
    PartnerRecords,
    find_partner,
    read_partner_records,
    read_partners_at,
)
from warehouse.connection import AsOf, connect
from warehouse.control.partner_payments import Payment, payments_to
from warehouse.money import minor_unit, round_half_away
from warehouse.settings import Settings

_ZERO = Decimal(0)
_SHOWN = 3
_MODELS = {
    "per_lot": "per lot",
    "per_million": "per million",
    "spread_share": "share of spread",
    "markup_share": "share of mark-up",
    "commission_share": "share of commission",
    "revenue_share": "share of revenue",
    "cpa": "per client",
    "copy_fee_share": "share of copy fees",
}
_MASKING = {
    "none": "Clients and accounts are shown by their numbers.",
    "digits": "Clients and accounts are masked.",
    "hidden": "Clients are numbered by this statement alone; accounts are left out.",
}
_ENTRIES = {"adjustment": " (adjustment)", "clawback": " (clawback)"}


def make_partner_statement(
    settings: Settings,
    partner: str,
    period: str,
    format: StatementFormat,
    out: Path,
    as_of: AsOf = None,
    *,
    tenant: str | None = None,
    actor: str = "daybook",
) -> StatementFile:
    """Make one partner statement file, archive it and enter it in the register.

    Clients appear as the partner's payout terms say, masked by default: a partner is told what a
    client's trades earned, not who the client is.

    Args:
        settings: the installation.
        partner: partner_key or partner_id.
        period: the month, YYYY-MM.
        format: pdf, csv or xlsx.
        out: folder of the file; made where it is missing.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.
        tenant: whose partner; the configured tenant by default.
        actor: who asks, for the audit log.

    Raises:
        UnknownSubjectError: no such partner.
        UnclosedPeriodError: days of the period are not published.
    """
    made = partner_statement_document(settings, partner, period, as_of, tenant=tenant)
    return make(settings, made, format, out, actor=actor)


def partner_statement_document(
    settings: Settings, partner: str, period: str, as_of: AsOf = None, *, tenant: str | None = None
) -> MadeStatement:
    """The statement before it has a format; arguments and errors as `make_partner_statement`."""
    tenant = tenant or settings.tenant
    first, last = month_of(period)
    with connect("read", settings=settings) as con:
        partner_key = find_partner(con, tenant, partner)
        publication = read_partners_at(con, settings, tenant, period, as_of)
        records = read_partner_records(con, partner_key, period_from=first, period_to=last)
    payments = payments_to(settings, partner_key, until=last, known_by=publication.published_at)
    document = StatementDocument(
        number=f"{partner_key.replace('/', '-')}-{period}-v{publication.version}",
        kind="partner",
        title="Commission statement",
        issuer=settings.display_name,
        subject=records.name,
        period_label=f"{first:%-d %B %Y} to {last:%-d %B %Y}",
        facts=_facts(partner_key, period, publication),
        parts=_parts(records, payments, first),
        notes=(
            "Commission is shown as it was earned by trade date; it is rounded once, per period "
            "and currency, by largest remainder, so that the lines add up to the total.",
            "A payment run takes over what was earned and pays it in the payout currency; what it "
            "carries over is paid with a later one.",
            _MASKING[records.client_masking] + " Times are UTC.",
            "Please tell us without delay if anything on this statement does not agree with your "
            "own records.",
        ),
        published_at=publication.published_at,
    )
    return MadeStatement(document, tenant, partner_key, period, publication)


def _facts(partner_key: str, period: str, publication: Publication) -> tuple[Fact, ...]:
    return (
        Fact("partner_id", "Partner number", partner_key.partition("/")[2]),
        Fact("period", "Period", period),
        Fact("closed_on", "Closed and published", f"{publication.published_at:%Y-%m-%d %H:%M} UTC"),
        Fact("version", "Version", str(publication.version)),
        Fact("snapshot", "Snapshot", str(publication.snapshot_id)),
    )


def _parts(
    records: PartnerRecords, payments: Sequence[Payment], period_from: dt.date
) -> tuple[Part, ...]:
    currencies = sorted({line.currency for line in records.lines} | set(records.earned_before))
    earned: dict[str, Decimal] = {}
    for line in records.lines:
        earned[line.currency] = earned.get(line.currency, _ZERO) + line.amount
    overview = Part(
        key="consolidated",
        title="Overview",
        facts=(),
        sections=(
            _earned(records, currencies),
            balance_section(records.earned_before, earned, payments, period_from),
            payments_section(payments, period_from),
            _grouped("by_partner", "By partner path", "Path", records.by_path),
            _grouped(
                "by_client",
                "By client",
                "Client",
                _masked_clients(records.by_client, records.client_masking),
            ),
            _unpaid(records),
        ),
    )
    return (
        overview,
        *(
            Part(
                key=currency,
                title=f"Commission in {currency}",
                facts=(Fact("currency", "Currency", currency),),
                sections=(
                    _lines(
                        [line for line in records.lines if line.currency == currency],
                        currency,
                        records.client_masking,
                    ),
                ),
            )
            for currency in currencies
            if any(line.currency == currency for line in records.lines)
        ),
    )


def _rounded_sum(amounts: Sequence[Decimal], currency: str) -> Decimal:
    return round_half_away(sum(amounts, _ZERO), minor_unit(currency))


def _earned(records: PartnerRecords, currencies: Sequence[str]) -> Section:
    rows = []
    for currency in currencies:
        before = records.earned_before.get(currency, _ZERO)
        lines = [line for line in records.lines if line.currency == currency]
        earned = _rounded_sum([line.amount for line in lines], currency)
        until = _rounded_sum([before, *(line.amount for line in lines)], currency)
        corrected, clawed_back = (
            _rounded_sum([line.amount for line in lines if line.entry_type == entry], currency)
            for entry in ("adjustment", "clawback")
        )
        rows.append(
            (
                currency,
                len(lines),
                until - earned,
                earned - corrected - clawed_back,
                corrected,
                clawed_back,
                earned,
                until,
            )
        )
    columns = (
        Column("currency", "Currency"),
        Column("lines", "Lines", "count"),
        Column("earned_before", "Earned before", "money"),
        Column("accrued", "Accrued", "money"),
        Column("corrected", "Adjusted", "money"),
        Column("clawed_back", "Clawed back", "money"),
        Column("earned", "Earned in this period", "money"),
        Column("earned_until", "Earned to date", "money"),
    )
    return Section("earned", "Commission earned", columns, tuple(rows)).without_empty(
        ("corrected", "clawed_back")
    )


def _masked_clients(totals: Sequence[GroupTotal], masking: str) -> list[GroupTotal]:
    """The totals under the names that the partner may see, in no order that tells who they are."""
    if masking == "hidden":
        numbers = {name: place for place, name in enumerate(
            sorted({total.name for total in totals}), start=1)}  # fmt: skip
        return [replace(total, name=f"client {numbers[total.name]}") for total in totals]
    if masking == "none":
        return [replace(total, name=total.name.rpartition("/")[2]) for total in totals]
    return [replace(total, name=masked(total.name)) for total in totals]


def _grouped(key: str, title: str, heading: str, totals: Sequence[GroupTotal]) -> Section:
    rows: list[tuple[Cell, ...]] = []
    for currency in sorted({total.currency for total in totals}):
        group = [total for total in totals if total.currency == currency]
        amounts = [total.amount for total in group]
        shares = round_parts(amounts, _rounded_sum(amounts, currency), minor_unit(currency))
        rows += [
            (
                total.name,
                _MODELS.get(total.model, total.model),
                currency,
                total.level,
                total.lines,
                _shortest(total.base_quantity),
                share,
            )
            for total, share in zip(group, shares, strict=True)
        ]
    columns = (
        Column("name", heading),
        Column("model", "Rule"),
        Column("currency", "Currency"),
        Column("level", "Level", "count"),
        Column("lines", "Lines", "count"),
        Column("base", "Lots or commission", "lots"),
        Column("amount", "Amount", "money"),
    )
    return Section(key, title, columns, tuple(rows))


def _unpaid(records: PartnerRecords) -> Section:
    rows = tuple((row.reason, row.lines) for row in records.unpaid)
    columns = (Column("reason", "Reason"), Column("lines", "Trades", "count"))
    return Section(
        "unpaid", "Trades that paid nothing", columns, rows, empty="Every trade of the period paid."
    )


def _lines(lines: Sequence[LedgerLine], currency: str, masking: str) -> Section:
    amounts = [line.amount for line in lines]
    total = _rounded_sum(amounts, currency)
    rows = tuple(
        (
            line.business_date,
            str(line.deal_id),
            _account(line.account_key, masking),
            line.symbol or "",
            line.partner_path,
            line.agreement_id or "",
            _MODELS.get(line.model or "", line.model or "") + _ENTRIES.get(line.entry_type, ""),
            line.level,
            line.tier,
            _shortest(line.base_quantity),
            _shortest(line.rate),
            _shortest(line.withheld),
            amount,
        )
        for line, amount in zip(
            lines, round_parts(amounts, total, minor_unit(currency)), strict=True
        )
    )
    columns = (
        Column("date", "Trade date", "date"),
        Column("deal", "Deal"),
        Column("account", "Account"),
        Column("symbol", "Symbol"),
        Column("path", "Path"),
        Column("agreement", "Agreement"),
        Column("model", "Rule"),
        Column("level", "Level", "count"),
        Column("tier", "Tier", "count"),
        Column("base", "Base", "lots"),
        Column("rate", "Rate", "rate"),
        Column("withheld", "Withheld", "rate"),
        Column("amount", "Amount", "money"),
    )
    whole: tuple[Cell, ...] = ("Total", *([None] * (len(columns) - 2)), total)
    section = Section("lines", "Lines", columns, rows, currency=currency)
    shown = section.without_empty(("tier", "withheld", "account"))
    return replace(shown, total=(*whole[: len(shown.columns) - 1], total))


def _account(key: str, masking: str) -> str:
    if masking == "hidden":
        return ""
    return key.rpartition("/")[2] if masking == "none" else masked(key)


def _shortest(value: Decimal) -> Decimal:
    """The value without trailing zeros, at least two decimals."""
    digits = -int(value.normalize().as_tuple().exponent)
    return round_half_away(value, max(digits, 2))


def masked(key: str) -> str:
    """The last characters of an id, so that a line can be asked about without naming the client."""
    return "\u2026" + key.rpartition("/")[2][-_SHOWN:]
