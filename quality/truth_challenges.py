"""Prop challenges against the truth: every day with its floors, every state, every payout."""

from __future__ import annotations

from quality.truth_queries import Comparison

CHALLENGE_DAYS = Comparison(
    id="truth_challenge_days",
    what="Every day of every prop challenge has the truth's balances, floors and state",
    file="challenge_days.parquet",
    needs=("finance.fct_challenge_days",),
    key=("tenant_id", "challenge_phase_key", "business_date", "state", "failed_by"),
    amounts=(
        "trading_days",
        "opening_balance",
        "opening_equity",
        "daily_floor",
        "total_floor",
        "closing_balance",
        "equity",
        "lowest",
        "profit",
    ),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            challenge_phase_key,
            business_date,
            state,
            coalesce(failed_by, '') AS failed_by,
            trading_days,
            opening_balance_amount AS opening_balance,
            opening_equity_amount AS opening_equity,
            daily_floor_amount AS daily_floor,
            total_floor_amount AS total_floor,
            closing_balance_amount AS closing_balance,
            equity_amount AS equity,
            lowest_amount AS lowest,
            profit_amount AS profit
        FROM lake.finance.fct_challenge_days
    """,
)

CHALLENGES = Comparison(
    id="truth_challenges",
    what="Every phase of a prop challenge stands as the truth says, with its profit and payouts",
    file="challenges.parquet",
    needs=("finance.fct_challenges",),
    key=("tenant_id", "challenge_phase_key", "state", "decided_date", "failed_by"),
    amounts=("trading_days", "profit", "payable", "trader", "allocated"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            challenge_phase_key,
            state,
            decided_date,
            coalesce(failed_by, '') AS failed_by,
            trading_days,
            profit_amount AS profit,
            payable_amount AS payable,
            trader_amount AS trader,
            allocated_balance_amount AS allocated
        FROM lake.finance.fct_challenges
    """,
)

CHALLENGE_PAYOUTS = Comparison(
    id="truth_challenge_payouts",
    what="Every month of a funded account pays the truth's profit and parts",
    file="challenge_payouts.parquet",
    needs=("finance.fct_challenge_payouts",),
    key=("tenant_id", "challenge_phase_key", "payout_month", "state"),
    amounts=("profit", "payable", "trader", "house"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            challenge_phase_key,
            payout_month,
            state,
            profit_amount AS profit,
            payable_amount AS payable,
            trader_amount AS trader,
            house_amount AS house
        FROM lake.finance.fct_challenge_payouts
    """,
)

CHALLENGE_COMPARISONS = (CHALLENGE_DAYS, CHALLENGES, CHALLENGE_PAYOUTS)
