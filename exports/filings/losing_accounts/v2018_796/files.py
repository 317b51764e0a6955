"""The files of the filing: evidence by account, summary, and the disclosure on one page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from exports.filings.losing_accounts.v2018_796.population import AccountResult
from exports.filings.specification import FilingRequest, RuleOutcome
from exports.typesetting import typeset

_TEMPLATE = Path(__file__).parent / "disclosure.typ"
_COLUMNS = (
    "account_key",
    "client_key",
    "legal_entity",
    "classification",
    "had_open_cfd",
    "realised",
    "unrealised_before",
    "unrealised_at_end",
    "net_result",
    "reporting_currency",
    "is_included",
    "exclusion_reason",
    "is_losing",
)


def evidence_csv(accounts: list[AccountResult], reporting_currency: str) -> bytes:
    """One line an account, by account key; amounts unrounded, in reporting currency."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(
        (
            account.account_key,
            account.client_key or "",
            account.legal_entity or "",
            account.classification or "",
            _truth(account.had_open_cfd),
            f"{account.realised:f}",
            f"{account.unrealised_before:f}",
            f"{account.unrealised_at_end:f}",
            f"{account.net_result:f}",
            reporting_currency,
            _truth(account.is_included),
            account.exclusion_reason or "",
            "" if account.is_losing is None else _truth(account.is_losing),
        )
        for account in accounts
    )
    return text.getvalue().encode()


def summary_json(
    request: FilingRequest,
    result: Mapping[str, object],
    counts: Mapping[str, object],
    validation: tuple[RuleOutcome, ...],
    rule_set_hash: str,
) -> bytes:
    """The run in one object: what was counted, from what, and which rules were checked."""
    content = {
        "filing": "losing_accounts",
        "specification": "2018/796",
        "issuer": request.issuer,
        "tenant": request.tenant,
        "legal_entity": request.legal_entity or "all",
        "window_from": request.window_from.isoformat(),
        "window_to": request.window_to.isoformat(),
        "snapshot": request.publication.snapshot_id,
        "published_at_utc": request.publication.published_at.isoformat(timespec="seconds"),
        "rule_set_hash": rule_set_hash,
        **counts,
        **result,
        "rules_checked": [vars(outcome) for outcome in validation],
    }
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def disclosure_pdf(
    request: FilingRequest,
    result: Mapping[str, object],
    counts: Mapping[str, object],
    excluded: Mapping[str, int],
    validation: tuple[RuleOutcome, ...],
    rule_set_hash: str,
) -> bytes:
    """One page for the file and for the person who signs."""
    content = {
        "issuer": request.issuer,
        "entity": request.legal_entity or "all legal entities",
        "window": f"{request.window_from:%-d %B %Y} to {request.window_to:%-d %B %Y}",
        "snapshot": str(request.publication.snapshot_id),
        "published": f"{request.publication.published_at:%Y-%m-%d %H:%M} UTC",
        "rule_set_hash": rule_set_hash,
        "result": dict(result),
        "counts": dict(counts),
        "excluded": [{"reason": reason, "count": count} for reason, count in excluded.items()],
        "rules": [vars(outcome) for outcome in validation],
    }
    return typeset(_TEMPLATE, content, request.publication.published_at)


def _truth(value: bool) -> str:
    return "true" if value else "false"
