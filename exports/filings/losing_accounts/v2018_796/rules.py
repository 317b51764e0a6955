"""What is checked on every run; each rule says on how many records, and how many broke it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from exports.filings.losing_accounts.v2018_796.parameters import Parameters, months_before
from exports.filings.losing_accounts.v2018_796.population import AccountResult
from exports.filings.specification import FilingRequest, RuleOutcome

RULE_IDS = ["window", "reasons", "retail-only", "open-cfd", "net-result", "zero", "evidence"]


def check(
    accounts: list[AccountResult],
    evidence: bytes,
    request: FilingRequest,
    parameters: Parameters,
    losing: int,
) -> tuple[RuleOutcome, ...]:
    """Outcomes in the order of RULE_IDS."""
    included = [account for account in accounts if account.is_included]
    excluded = [account for account in accounts if not account.is_included]
    first = months_before(request.window_to, parameters.window_months)
    lines = list(csv.DictReader(io.StringIO(evidence.decode())))
    counted = [line for line in lines if line["is_included"] == "true"]
    lost = [line for line in counted if Decimal(line["net_result"]) < parameters.losing_below]
    outcomes = [
        (
            f"the window is the {parameters.window_months} months up to {request.window_to}",
            1,
            int((request.window_from - first).days != 1),
        ),
        (
            "every excluded account has a reason",
            len(excluded),
            sum(not account.exclusion_reason for account in excluded),
        ),
        (
            f"every counted account is {parameters.counted_classification} at the window's end",
            len(included),
            sum(
                account.classification != parameters.counted_classification for account in included
            ),
        ),
        (
            "every counted account had an open CFD in the window",
            len(included),
            sum(not account.had_open_cfd for account in included),
        ),
        (
            "net result is realised plus the change of unrealised",
            len(accounts),
            sum(
                account.net_result
                != account.realised + account.unrealised_at_end - account.unrealised_before
                for account in accounts
            ),
        ),
        (
            "an account at or above the threshold did not lose",
            len(included),
            sum(
                bool(account.is_losing) != (account.net_result < parameters.losing_below)
                for account in included
            ),
        ),
        (
            "the evidence file gives the same counts",
            len(lines),
            abs(len(lines) - len(accounts))
            + abs(len(counted) - len(included))
            + abs(len(lost) - losing),
        ),
    ]
    return tuple(
        RuleOutcome(rule_id, what, population, broken)
        for rule_id, (what, population, broken) in zip(RULE_IDS, outcomes, strict=True)
    )
