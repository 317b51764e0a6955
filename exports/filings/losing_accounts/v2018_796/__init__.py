"""Percentage of losing retail accounts as Decision (EU) 2018/796, Annex II, computes it."""

from __future__ import annotations

from collections import Counter

import duckdb

from exports.filings.losing_accounts.v2018_796 import files, rules, wording
from exports.filings.losing_accounts.v2018_796.parameters import (
    next_window_to,
    read_parameters,
    window,
)
from exports.filings.losing_accounts.v2018_796.population import (
    first_day_of_figures,
    read_accounts,
    servers,
)
from exports.filings.specification import FilingDraft, FilingRequest, Specification


def make(con: duckdb.DuckDBPyConnection, request: FilingRequest) -> FilingDraft:
    """Count, judge, write.

    Raises:
        ParameterError: a rule's parameter is missing or cannot be read.
    """
    parameters = read_parameters(con, request.window_to)
    accounts = read_accounts(con, request, parameters)
    included = [account for account in accounts if account.is_included]
    losing = sum(bool(account.is_losing) for account in included)
    reasons = Counter(
        account.exclusion_reason for account in accounts if account.exclusion_reason is not None
    )
    excluded = {reason: reasons[reason] for reason in sorted(reasons)}
    figure = wording.percentage(losing, len(included), 2)
    whole = wording.percentage(losing, len(included), 0)
    data_from = first_day_of_figures(con, request)
    result: dict[str, object] = {
        "losing_accounts": losing,
        "percentage": None if figure is None else f"{figure}",
        "percentage_whole": None if whole is None else f"{whole}",
        "warnings": wording.warnings(figure),
        "warnings_whole": wording.warnings(whole),
    }
    counts: dict[str, object] = {
        "population": len(accounts),
        "included": len(included),
        "excluded": excluded,
        "figures_from": None if data_from is None else data_from.isoformat(),
    }
    evidence = files.evidence_csv(accounts, request.reporting_currency)
    validation = rules.check(accounts, evidence, request, parameters, losing)
    rule_set_hash = parameters.rule_set_hash(rules.RULE_IDS)
    stem = f"losing_accounts_{request.legal_entity or 'all'}_{request.window_to:%Y%m%d}"
    stem = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in stem)
    return FilingDraft(
        parameters=parameters.texts,
        rule_set_hash=rule_set_hash,
        population=len(accounts),
        included=len(included),
        excluded=excluded,
        result=result,
        headline=(
            "no retail account had an open CFD in the window: there is no figure to disclose"
            if figure is None
            else f"{figure} % of retail accounts lost money ({losing} of {len(included)})"
        ),
        validation=validation,
        files={
            f"{stem}_accounts.csv": evidence,
            f"{stem}_summary.json": files.summary_json(
                request, result, counts, validation, rule_set_hash
            ),
            f"{stem}_disclosure.pdf": files.disclosure_pdf(
                request, result, counts, excluded, validation, rule_set_hash
            ),
        },
    )


SPECIFICATION = Specification(
    regime="losing_accounts",
    version="2018/796",
    title="Percentage of losing retail accounts",
    window=window,
    next_window_to=next_window_to,
    servers=servers,
    make=make,
)
