"""Every kind of numbered paper, by the name that the register and the command line use."""

from __future__ import annotations

from exports.statements.challenge_document import challenge_document
from exports.statements.challenge_queries import CHALLENGES, read_challenges
from exports.statements.challenge_records import check_challenge
from exports.statements.client import ACCOUNT, CLIENT
from exports.statements.copy_statement import COPY
from exports.statements.costs_records import check_costs, read_costs
from exports.statements.costs_report import costs_document
from exports.statements.kinds import PaperKind, no_balances
from exports.statements.notices import check_notices, notice_document, read_notices
from exports.statements.tax_records import check_tax, read_tax
from exports.statements.tax_summary import tax_document
from warehouse.errors import UsageError

COSTS = PaperKind(
    "costs",
    "X",
    read_costs,
    check_costs,
    costs_document,
    no_balances,
    needs=("statements.fct_deal_costs",),
)
"""Ex-post costs and charges."""
NOTICE = PaperKind(
    "notice",
    "N",
    read_notices,
    check_notices,
    notice_document,
    no_balances,
    needs=("statements.fct_depreciation_notices",),
)
"""Falls in value by each further 10 %."""
TAX = PaperKind("tax", "T", read_tax, check_tax, tax_document, no_balances)
"""Gains, losses, income and taxes of a year."""
CHALLENGE = PaperKind(
    "challenge",
    "P",
    read_challenges,
    check_challenge,
    challenge_document,
    no_balances,
    about=CHALLENGES,
    needs=(
        *CHALLENGES.needs,
        "finance.fct_challenge_days",
        "finance.fct_challenge_payouts",
        "finance.fct_challenge_reviews",
    ),
)
"""A prop challenge: its rules, days, payouts and reviews."""
KINDS = {kind.name: kind for kind in (CLIENT, ACCOUNT, COSTS, NOTICE, TAX, CHALLENGE, COPY)}


def registered_kind(name: str) -> PaperKind:
    """The kind of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in KINDS:
        raise UsageError(
            f"There is no kind of paper {name!r}.", todo=f"use one of: {', '.join(KINDS)}"
        )
    return KINDS[name]
