"""A month's payment run: what each partner is paid, what is carried, who is left out and why."""

from __future__ import annotations

import re
from decimal import Decimal

from exports.partners.figures import (
    LedgerTotal,
    PayoutTerms,
    closing_rates,
    ledger_totals,
    payout_terms,
    tie_to_journal,
)
from exports.publication import month_of
from exports.statements.partner_records import read_partners_at
from warehouse.code_version import code_version
from warehouse.connection import AsOf, connect
from warehouse.control.partner_runs import (
    Run,
    RunLine,
    SourceAmount,
    Taken,
    keep_run,
    runs,
    taken_before,
)
from warehouse.money import minor_unit, round_half_away
from warehouse.settings import Settings

_ZERO = Decimal(0)
_EXACT = Decimal(1).scaleb(-8)


def accrue_run(
    settings: Settings,
    period: str,
    *,
    maker: str,
    tenant: str | None = None,
    as_of: AsOf = None,
) -> Run:
    """Work out what every partner is paid for a closed month, and enter it as an accrued run.

    Each run takes over what the ledger holds up to the month's end and earlier runs did not take:
    corrections of earlier months, and what their hold released, come with it. A partner who cannot
    be paid is left out with the reason, and comes whole with a later run.

    Args:
        settings: the installation.
        period: the month, YYYY-MM.
        maker: who makes the run.
        tenant: whose partners; the configured tenant by default.
        as_of: only what was published up to this snapshot, or by the end of this UTC day.

    Raises:
        UnclosedPeriodError: days of the month are not published.
        FiguresDisagreeError: the ledger and the journal's IB payable differ.
        UsageError: the month was approved already, or an earlier one waits.
    """
    tenant = tenant or settings.tenant
    first, last = month_of(period)
    taken = taken_before(settings, tenant, period)
    before = [run for run in runs(settings, tenant) if run.period < period]
    with connect("read", settings=settings) as con:
        publication = read_partners_at(con, settings, tenant, period, as_of)
        tie_to_journal(con, tenant, last)
        terms = payout_terms(con, tenant, last)
        rates = closing_rates(con, last)
        totals = ledger_totals(con, tenant, first, last, before[-1].created_at if before else None)
    lines: list[RunLine] = []
    left_out: dict[str, str] = {}
    by_partner: dict[str, list[LedgerTotal]] = {key: [] for key in taken.carried}
    for total in totals:
        by_partner.setdefault(total.partner_key, []).append(total)
    for partner in sorted(by_partner):
        reason = _unpayable(terms.get(partner), by_partner[partner], rates)
        if reason:
            left_out[partner] = reason
        else:
            lines.append(_line(period, terms[partner], by_partner[partner], taken, rates))
    return keep_run(
        settings,
        tenant_id=tenant,
        period=period,
        snapshot_id=publication.snapshot_id,
        code_version=code_version(),
        maker=maker,
        lines=lines,
        left_out=left_out,
    )


def _unpayable(
    terms: PayoutTerms | None, totals: list[LedgerTotal], rates: dict[str, Decimal]
) -> str:
    if terms is None:
        return "no payout terms are in force at the end of the month"
    if terms.method == "bank" and not (terms.iban and terms.payee_name):
        return "payout terms name a bank, but no IBAN or no payee name"
    if terms.method == "wallet" and not terms.wallet_address:
        return "payout terms name a wallet, but no wallet_address"
    for total in totals:
        if total.ledger_currency == terms.payout_currency:
            continue
        if terms.conversion_date == "trade" and total.released_converted is None:
            return f"no rate converts {total.ledger_currency} into {terms.payout_currency}"
        missing = {total.ledger_currency, terms.payout_currency} - rates.keys()
        if missing:
            return f"no rate of the month's end for {', '.join(sorted(missing))}"
    return ""


def _line(
    period: str,
    terms: PayoutTerms,
    totals: list[LedgerTotal],
    taken: Taken,
    rates: dict[str, Decimal],
) -> RunLine:
    partner = terms.partner_key
    held_in, carried_in = taken.carried.get(partner, (terms.payout_currency, _ZERO))
    same_currency = held_in == terms.payout_currency
    carried_in = _at_close(carried_in, held_in, terms.payout_currency, rates)
    sources = []
    earned = clawed_back = held = _ZERO
    for total in totals:
        key = (partner, total.ledger_currency)
        booked = total.released - taken.booked.get(key, _ZERO)
        if terms.conversion_date == "trade" and same_currency:
            assert total.released_converted is not None
            converted = total.released_converted - taken.converted.get(key, _ZERO)
            earned += total.earned_converted
            clawed_back += total.clawed_back_converted
            held += total.held_converted
        else:
            converted, *others = (
                _at_close(amount, total.ledger_currency, terms.payout_currency, rates)
                for amount in (booked, total.earned, total.clawed_back, total.held)
            )
            earned += others[0]
            clawed_back += others[1]
            held += others[2]
        sources.append(SourceAmount(total.ledger_currency, booked, converted))
    news = sum((source.converted for source in sources), _ZERO)
    balance = carried_in + news
    digits = minor_unit(terms.payout_currency)
    payable = round_half_away(balance, digits)
    paid, let_go, note = payable, _ZERO, ""
    if payable < 0:
        paid = _ZERO
        if terms.carries_negative:
            note = "negative: carried over"
        else:
            let_go, note = -balance, "negative: let go"
    elif payable < terms.minimum_payout:
        paid, note = _ZERO, f"below the minimum payout of {_shown(terms.minimum_payout)}"
    return RunLine(
        partner_key=partner,
        payout_currency=terms.payout_currency,
        method=terms.method,
        carried_in=carried_in,
        earned=earned,
        corrected=news - earned - clawed_back,
        clawed_back=clawed_back,
        let_go=let_go,
        paid=round_half_away(paid, digits),
        carried_out=balance + let_go - paid,
        held=held,
        note=note,
        reference=payment_reference(partner, period),
        sources=tuple(sources),
    )


def payment_reference(partner_key: str, period: str) -> str:
    """The end-to-end id of a partner's payment: what the bank hands on, at most 35 characters."""
    plain = re.sub(r"[^A-Za-z0-9]", "", partner_key.partition("/")[2]) or "PARTNER"
    return f"IB{period.replace('-', '')}-{plain[-26:]}"


def _at_close(amount: Decimal, currency: str, into: str, rates: dict[str, Decimal]) -> Decimal:
    if currency == into or amount == 0:
        return amount
    return (amount * rates[currency] / rates[into]).quantize(_EXACT)


def _shown(amount: Decimal) -> str:
    return f"{round_half_away(amount, 2):,}"
