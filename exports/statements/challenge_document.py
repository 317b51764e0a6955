"""The statement of a prop challenge before it has a format: a part for each phase."""

from __future__ import annotations

from decimal import Decimal

from exports.statements.catalogue import Catalogue
from exports.statements.challenge_records import ChallengeRecords, PhaseRecords
from exports.statements.client_document import (
    Issue,
    account_facts,
    corrections,
    facts,
    paper_facts,
)
from exports.statements.client_sections import column, money_columns
from exports.statements.document import Cell, Column, Part, Section, StatementDocument
from exports.statements.presentation import Presentation
from warehouse.money import minor_unit, round_half_away

_HUNDRED = Decimal(100)
_LEAST_PERCENT_DIGITS = 2


def challenge_document(
    records: ChallengeRecords, issue: Issue, presentation: Presentation
) -> StatementDocument:
    """The statement of a challenge whose figures agree."""
    words = presentation.words
    challenge = facts(words, {"challenge": records.subject_key.partition("/")[2]})
    return StatementDocument(
        number=issue.number,
        kind="challenge",
        title=words("title.challenge"),
        issuer=presentation.issuer,
        subject=records.name,
        period_label=words.days(issue.period.first, issue.period.last),
        facts=(*challenge, *paper_facts(records, issue, words)),
        parts=tuple(_Phase(phase, words).part() for phase in records.phases),
        notes=(
            *corrections(issue, words),
            words("note.challenge_balance"),
            words("note.challenge_lowest"),
            words("note.tell_us"),
        ),
        published_at=issue.publication.published_at,
        presentation=presentation,
    )


class _Phase:
    """A phase in the account's main currency, rounded to its minor unit."""

    def __init__(self, phase: PhaseRecords, words: Catalogue) -> None:
        self._phase, self._words = phase, words
        self._currency = phase.account.main_currency
        self._digits = minor_unit(self._currency)

    def part(self) -> Part:
        """The part of the statement about it."""
        phase, words = self._phase, self._words
        decided = phase.days[-1] if phase.state in ("passed", "failed") else None
        sections = [self._rules(), self._floors(), self._results()]
        if phase.rules.profit_split_rate is not None:
            sections.append(self._payouts())
        if phase.rules.scaling_months is not None:
            sections.append(self._reviews())
        return Part(
            key=phase.rules.challenge_phase_key,
            title=words(
                "title.challenge_phase",
                phase=phase.rules.phase,
                plan=phase.rules.plan_name,
                login=phase.account.login,
            ),
            facts=account_facts(
                phase.account,
                words,
                begun=words.date(phase.rules.valid_from),
                state=words(f"state.{phase.state}"),
                decided_on=words.date(decided.business_date) if decided else "",
                failed_by=(
                    words(f"state.{decided.failed_by}") if decided and decided.failed_by else ""
                ),
            ),
            sections=tuple(sections),
        )

    def _money(self, amount: Decimal) -> Decimal:
        return round_half_away(amount / self._phase.account.money_divisor, self._digits)

    def _floor(self, amount: Decimal | None) -> Decimal | None:
        return None if amount is None else self._money(amount)

    def _section(
        self, key: str, columns: tuple[Column, ...], rows: tuple[tuple[Cell, ...], ...]
    ) -> Section:
        return Section(
            key,
            self._words(f"section.{key}"),
            columns,
            rows,
            currency=self._currency,
            empty=self._words("page.none"),
        )

    def _rules(self) -> Section:
        rules, words = self._phase.rules, self._words
        initial, of_initial = rules.initial_balance, "initial_balance"
        daily_is_fixed = rules.daily_loss_basis == of_initial
        # name, part of what, how many, rate, amount
        stated: list[tuple[str, str | None, int | None, Decimal | None, Decimal | None]] = [
            ("initial_balance", None, None, None, initial),
            ("profit_target", of_initial, None, rules.profit_target_rate, initial),
            ("daily_loss", rules.daily_loss_basis, None, rules.daily_loss_rate,
             initial if daily_is_fixed else None),
            ("total_loss", rules.total_loss_basis, None, rules.total_loss_rate, initial),
            ("trading_days", None, rules.minimum_trading_days or None, None, None),
            ("maximum_days", None, rules.maximum_days, None, None),
            ("profit_split", None, None, rules.profit_split_rate, None),
            ("scaling_months", None, rules.scaling_months, None, None),
            ("scaling_profit", of_initial, None, rules.scaling_profit_rate, initial),
            ("scaling_step", of_initial, None, rules.scaling_step_rate, initial),
            ("scaling_cap", None, None, None, rules.scaling_cap),
        ]  # fmt: skip
        rows: list[tuple[Cell, ...]] = []
        for name, basis, count, rate, amount in stated:
            is_part = name not in ("initial_balance", "scaling_cap")
            if rate is None and count is None and (is_part or amount is None):
                continue
            part = amount * rate if amount is not None and rate is not None else amount
            rows.append(
                (
                    words(f"rule.{name}"),
                    words(f"basis.{basis}") if basis else "",
                    count,
                    _percent(rate),
                    self._floor(part),
                )
            )
        columns = (
            column(words, "rule"),
            column(words, "basis"),
            column(words, "count", "count"),
            column(words, "percent", "rate"),
            *money_columns(words, "amount"),
        )
        return self._section("challenge_rules", columns, tuple(rows)).without_empty(("count",))

    def _floors(self) -> Section:
        words = self._words
        rows: list[tuple[Cell, ...]] = []
        for day in self._phase.days:
            daily, total = self._floor(day.daily_floor), self._floor(day.total_floor)
            lowest = self._money(day.lowest)
            floors = [floor for floor in (daily, total) if floor is not None]
            rows.append(
                (
                    day.business_date,
                    words(f"state.{day.failed_by or day.state}"),
                    self._money(day.opening_balance),
                    self._money(day.opening_equity),
                    daily,
                    total,
                    lowest,
                    lowest - max(floors) if floors else None,
                )
            )
        columns = (
            column(words, "day", "date"),
            column(words, "state"),
            *money_columns(
                words, "opening_balance", "opening_equity", "daily_floor", "total_floor",
                "lowest", "headroom",
            ),
        )  # fmt: skip
        section = self._section("challenge_floors", columns, tuple(rows))
        return section.without_empty(("daily_floor", "total_floor", "headroom"))

    def _results(self) -> Section:
        words = self._words
        rows: list[tuple[Cell, ...]] = []
        for day in self._phase.days:
            opening, closing = self._money(day.opening_balance), self._money(day.closing_balance)
            equity = self._money(day.equity)
            rows.append(
                (
                    day.business_date,
                    opening,
                    closing - opening,
                    closing,
                    equity - closing,
                    equity,
                    self._money(day.profit),
                    day.trading_days,
                )
            )
        columns = (
            column(words, "day", "date"),
            *money_columns(words, "opening_balance"),
            *money_columns(words, "day_result"),
            *money_columns(words, "closing_balance", "floating", "equity", "profit_to_date"),
            column(words, "trading_days", "count"),
        )
        return self._section("challenge_results", columns, tuple(rows))

    def _payouts(self) -> Section:
        words = self._words
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (
                f"{payout.month:%Y-%m}",
                words(f"state.{payout.state}"),
                round_half_away(payout.profit, self._digits),
                _percent(payout.split_rate),
                round_half_away(payout.payable, self._digits),
                round_half_away(payout.trader, self._digits),
                round_half_away(payout.house, self._digits),
            )
            for payout in self._phase.payouts
        )
        columns = (
            column(words, "month"),
            column(words, "state"),
            *money_columns(words, "new_profit"),
            column(words, "percent", "rate"),
            *money_columns(words, "payable", "trader_part", "house_part"),
        )
        return self._section("challenge_payouts", columns, rows)

    def _reviews(self) -> Section:
        words = self._words
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (
                str(review.number),
                words("state.passed" if review.is_passed else "state.not_passed"),
                review.last_date,
                self._money(review.profit),
                self._money(review.required),
                self._money(review.allocated),
            )
            for review in self._phase.reviews
        )
        columns = (
            column(words, "review"),
            column(words, "state"),
            column(words, "day", "date"),
            *money_columns(words, "period_profit", "required_profit", "allocated_balance"),
        )
        return self._section("challenge_reviews", columns, rows)


def _percent(rate: Decimal | None) -> Decimal | None:
    """A part of 1 in per cent, with the decimals it has and two at least."""
    if rate is None:
        return None
    percent = (rate * _HUNDRED).normalize()
    return round_half_away(percent, max(_LEAST_PERCENT_DIGITS, -int(percent.as_tuple().exponent)))
