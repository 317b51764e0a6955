"""What challenge statements are read with: one query a part for a whole batch, at one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol, TypeVar

import duckdb

from exports.errors import UnknownSubjectError
from exports.statements.challenge_records import (
    ChallengeDay,
    ChallengePayout,
    ChallengeRecords,
    ChallengeReview,
    PhaseRecords,
    PhaseRules,
)
from exports.statements.client_queries import (
    ACCOUNT_COLUMNS,
    accounts_by_subject,
    client_names,
)
from exports.statements.client_records import Account
from exports.statements.kinds import Batch, Subjects
from exports.statements.periods import Period


def challenge_accounts(
    con: duckdb.DuckDBPyConnection, tenant: str, challenge: str
) -> tuple[Account, ...]:
    """The accounts of a challenge (challenge_key or challenge_id), of all its phases.

    Raises:
        UnknownSubjectError: no challenge answers to the key.
    """
    rows = con.execute(
        f"""
        SELECT DISTINCT {ACCOUNT_COLUMNS}
        FROM lake.finance.fct_challenges AS challenges
        JOIN lake.canonical.can_accounts AS accounts
            ON accounts.account_key = challenges.account_key
        WHERE challenges.tenant_id = $tenant
            AND challenges.challenge_key IN ($challenge, $tenant || '/' || $challenge)
        ORDER BY accounts.server_id, accounts.login
        """,
        {"tenant": tenant, "challenge": challenge},
    ).fetchall()
    if not rows:
        raise UnknownSubjectError(
            f"No challenge {challenge!r} is known, or no source knows its account.",
            where=f"tenant {tenant}",
            todo="give a challenge id or a challenge key (tenant/challenge)",
        )
    return tuple(Account(*row) for row in rows)


def _due(
    con: duckdb.DuckDBPyConnection, tenant: str, period: Period
) -> dict[str, tuple[Account, ...]]:
    """Challenges with a phase that ran in the period, with the accounts of all their phases."""
    rows = con.execute(
        f"""
        SELECT DISTINCT challenges.challenge_key, {ACCOUNT_COLUMNS}
        FROM lake.finance.fct_challenges AS challenges
        LEFT JOIN lake.canonical.can_accounts AS accounts
            ON accounts.account_key = challenges.account_key
        WHERE challenges.challenge_key IN (
            SELECT challenge_key
            FROM lake.finance.fct_challenges
            WHERE tenant_id = $tenant AND valid_from <= $last
                AND (valid_to IS NULL OR valid_to > $first)
        )
        ORDER BY challenges.challenge_key, accounts.server_id, accounts.login
        """,
        {"tenant": tenant, "first": period.first, "last": period.last},
    ).fetchall()
    return accounts_by_subject(rows)


# The client of the last phase that a paper can show.
_RECIPIENTS = """
    SELECT wanted.paper_number, arg_max(challenges.client_key, challenges.phase) AS client_key
    FROM wanted
    JOIN lake.finance.fct_challenges AS challenges
        ON challenges.challenge_key = wanted.subject_key
        AND challenges.valid_from <= wanted.period_to
    GROUP BY wanted.paper_number
"""

CHALLENGES = Subjects(challenge_accounts, _due, _RECIPIENTS, needs=("finance.fct_challenges",))


_PHASES = """
    SELECT
        challenges.challenge_phase_key, challenges.challenge_key, challenges.phase,
        coalesce(challenges.plan_name, challenges.plan_id), challenges.account_key,
        challenges.client_key, challenges.valid_from, challenges.valid_to,
        challenges.initial_balance_amount, challenges.profit_target_rate,
        challenges.daily_loss_rate, challenges.daily_loss_basis, challenges.total_loss_rate,
        challenges.total_loss_basis, challenges.minimum_trading_days, challenges.maximum_days,
        challenges.profit_split_rate, challenges.scaling_months, challenges.scaling_profit_rate,
        challenges.scaling_step_rate, challenges.scaling_cap_amount
    FROM lake.finance.fct_challenges AS challenges
    JOIN asked_challenges AS asked ON asked.challenge_key = challenges.challenge_key
    ORDER BY challenges.challenge_key, challenges.phase
"""

_DAYS = """
    SELECT
        days.challenge_phase_key, days.business_date, days.next_date, days.paid_out_amount,
        days.opening_balance_amount, days.opening_equity_amount, days.daily_floor_amount,
        days.total_floor_amount, days.result_amount, days.closing_balance_amount,
        days.floating_amount, days.equity_amount, days.lowest_amount, days.profit_amount,
        days.trading_days, days.state, days.failed_by
    FROM lake.finance.fct_challenge_days AS days
    JOIN asked_challenges AS asked ON asked.challenge_key = days.challenge_key
    WHERE days.business_date BETWEEN asked.first AND asked.last
    ORDER BY days.challenge_phase_key, days.business_date
"""

_PAYOUTS = """
    SELECT
        payouts.challenge_phase_key, payouts.payout_month, payouts.last_date, payouts.state,
        payouts.payout_currency, payouts.profit_amount, payouts.profit_split_rate,
        payouts.payable_amount, payouts.trader_amount, payouts.house_amount
    FROM lake.finance.fct_challenge_payouts AS payouts
    JOIN asked_challenges AS asked ON asked.challenge_key = payouts.challenge_key
    WHERE payouts.last_date BETWEEN asked.first AND asked.last AND payouts.state <> 'running'
    ORDER BY payouts.challenge_phase_key, payouts.payout_month
"""

_REVIEWS = """
    SELECT
        reviews.challenge_phase_key, reviews.review_number, reviews.last_date,
        reviews.profit_amount, reviews.required_profit_amount, reviews.is_passed,
        reviews.allocated_balance_amount
    FROM lake.finance.fct_challenge_reviews AS reviews
    JOIN asked_challenges AS asked ON asked.challenge_key = reviews.challenge_key
    WHERE reviews.last_date BETWEEN asked.first AND asked.last
    ORDER BY reviews.challenge_phase_key, reviews.review_number
"""

# By the account's own balances, from after the last day before the ones shown.
_BOOKED = """
    WITH shown AS (
        SELECT
            days.challenge_phase_key, days.account_key,
            max(days.business_date) AS last_date,
            min(days.business_date) AS first_date
        FROM lake.finance.fct_challenge_days AS days
        JOIN asked_challenges AS asked ON asked.challenge_key = days.challenge_key
        WHERE days.business_date BETWEEN asked.first AND asked.last
        GROUP BY days.challenge_phase_key, days.account_key
    ),
    spans AS (
        SELECT
            shown.challenge_phase_key, shown.account_key, shown.last_date,
            coalesce(max(days.business_date) + 1, any_value(challenges.valid_from)) AS first_date
        FROM shown
        JOIN lake.finance.fct_challenges AS challenges
            ON challenges.challenge_phase_key = shown.challenge_phase_key
        LEFT JOIN lake.finance.fct_challenge_days AS days
            ON days.challenge_phase_key = shown.challenge_phase_key
            AND days.business_date < shown.first_date
        GROUP BY shown.challenge_phase_key, shown.account_key, shown.last_date
    )
    SELECT
        spans.challenge_phase_key,
        sum(
            days.closing_balance_amount - days.opening_balance_amount - days.deposits_amount
            - days.withdrawals_amount - days.internal_transfers_amount - days.bonus_amount
            - days.stop_out_compensation_amount
        )
    FROM spans
    JOIN lake.finance.fct_account_days AS days
        ON days.account_key = spans.account_key
        AND days.business_date BETWEEN spans.first_date AND spans.last_date
    GROUP BY spans.challenge_phase_key
"""


def read_challenges(con: duckdb.DuckDBPyConnection, batch: Batch) -> Iterator[ChallengeRecords]:
    """The statements of a batch of challenges; one without a day in the period is left out."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked_challenges AS "
        "SELECT unnest($1::VARCHAR[]) AS challenge_key, $2::DATE AS first, $3::DATE AS last",
        [sorted(batch.subjects), batch.period.first, batch.period.last],
    )
    phases = defaultdict[str, list[PhaseRules]](list)
    for row in con.execute(_PHASES).fetchall():
        rules = PhaseRules(*row)
        phases[rules.challenge_key].append(rules)
    days = _by_phase(ChallengeDay(*row) for row in con.execute(_DAYS).fetchall())
    payouts = _by_phase(ChallengePayout(*row) for row in con.execute(_PAYOUTS).fetchall())
    reviews = _by_phase(ChallengeReview(*row) for row in con.execute(_REVIEWS).fetchall())
    booked: dict[str, Decimal | None] = dict(con.execute(_BOOKED).fetchall())
    names = client_names(con, {rules.client_key for held in phases.values() for rules in held})
    for subject, accounts in batch.subjects.items():
        by_key = {account.account_key: account for account in accounts}
        own = tuple(
            PhaseRecords(
                rules=rules,
                account=by_key[rules.account_key],
                days=tuple(days[rules.challenge_phase_key]),
                payouts=tuple(payouts[rules.challenge_phase_key]),
                reviews=tuple(reviews[rules.challenge_phase_key]),
                booked_result=booked.get(rules.challenge_phase_key) or Decimal(0),
            )
            for rules in phases[subject]
            if days[rules.challenge_phase_key]
        )
        if own:
            yield ChallengeRecords(
                subject_key=subject,
                name=names.get(own[0].rules.client_key, ""),
                accounts=tuple(
                    account
                    for account in accounts
                    if any(phase.account == account for phase in own)
                ),
                phases=own,
            )


class _OfPhase(Protocol):
    @property
    def challenge_phase_key(self) -> str: ...


_Row = TypeVar("_Row", bound=_OfPhase)


def _by_phase(rows: Iterator[_Row]) -> defaultdict[str, list[_Row]]:
    grouped: defaultdict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        grouped[row.challenge_phase_key].append(row)
    return grouped
