"""Every account of the provider: in the percentage, or out of it with the reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from exports.filings.losing_accounts.v2018_796.parameters import Parameters
from exports.filings.specification import FilingRequest


@dataclass(frozen=True)
class AccountResult:
    """One account over the window; amounts in reporting currency, unrounded."""

    account_key: str
    client_key: str | None
    legal_entity: str | None
    classification: str | None
    """Client class on the last day of the window."""
    had_open_cfd: bool
    realised: Decimal
    unrealised_before: Decimal
    unrealised_at_end: Decimal
    net_result: Decimal
    exclusion_reason: str | None
    is_losing: bool | None
    """None where the account is excluded."""

    @property
    def is_included(self) -> bool:
        """Whether the account counts."""
        return self.exclusion_reason is None


def servers(con: duckdb.DuckDBPyConnection, tenant: str, legal_entity: str) -> list[str]:
    """Servers that hold accounts of the provider."""
    rows = con.execute(
        """
        SELECT DISTINCT server_id
        FROM lake.filings.fil_losing_accounts__account_classifications
        WHERE tenant_id = $tenant AND ($entity = '' OR legal_entity = $entity)
        ORDER BY server_id
        """,
        {"tenant": tenant, "entity": legal_entity},
    ).fetchall()
    return [server for (server,) in rows]


def read_accounts(
    con: duckdb.DuckDBPyConnection, request: FilingRequest, parameters: Parameters
) -> list[AccountResult]:
    """All accounts of the provider, by account key."""
    rows = con.execute(
        _ACCOUNTS,
        {
            "tenant": request.tenant,
            "entity": request.legal_entity,
            "first": request.window_from,
            "last": request.window_to,
            "counted": parameters.counted_classification,
            "losing_below": parameters.losing_below,
        },
    ).fetchall()
    return [AccountResult(*row) for row in rows]


def first_day_of_figures(con: duckdb.DuckDBPyConnection, request: FilingRequest) -> dt.date | None:
    """First day of the window on which any account has figures; None where none has."""
    row = con.execute(
        """
        SELECT min(business_date) FROM lake.filings.fil_losing_accounts__account_days
        WHERE tenant_id = $tenant AND ($entity = '' OR legal_entity = $entity)
            AND business_date BETWEEN $first AND $last
        """,
        {
            "tenant": request.tenant,
            "entity": request.legal_entity,
            "first": request.window_from,
            "last": request.window_to,
        },
    ).fetchone()
    return row[0] if row else None


# A position that was open before the window's first day counts as open in it.
_ACCOUNTS = """
    WITH known AS (
        SELECT
            account_key, max(client_key) AS client_key, max(legal_entity) AS legal_entity,
            bool_or(is_excluded) AS is_excluded, max(exclusion_reason) AS exclusion_reason,
            max(classification) FILTER (
                WHERE valid_from <= $last AND (valid_to IS NULL OR valid_to > $last)
            ) AS classification
        FROM lake.filings.fil_losing_accounts__account_classifications
        WHERE tenant_id = $tenant AND ($entity = '' OR legal_entity = $entity)
        GROUP BY account_key
    ),
    results AS (
        SELECT
            account_key, max(client_key) AS client_key, max(legal_entity) AS legal_entity,
            coalesce(bool_or(has_open_cfd) FILTER (WHERE business_date >= $first), false)
                AS was_open,
            coalesce(sum(realised_reporting) FILTER (WHERE business_date >= $first), 0)
                AS realised,
            coalesce(
                arg_max(unrealised_reporting, business_date) FILTER (WHERE business_date < $first),
                0
            ) AS unrealised_before,
            coalesce(arg_max(unrealised_reporting, business_date), 0) AS unrealised_at_end,
            arg_max(exclusion_reason, business_date) AS exclusion_reason
        FROM lake.filings.fil_losing_accounts__account_days
        WHERE tenant_id = $tenant AND ($entity = '' OR legal_entity = $entity)
            AND business_date <= $last
        GROUP BY account_key
    ),
    accounts AS (
        SELECT
            coalesce(known.account_key, results.account_key) AS account_key,
            coalesce(known.client_key, results.client_key) AS client_key,
            coalesce(known.legal_entity, results.legal_entity) AS legal_entity,
            known.classification,
            coalesce(results.was_open OR results.unrealised_before <> 0, false) AS had_open_cfd,
            coalesce(results.realised, 0) AS realised,
            coalesce(results.unrealised_before, 0) AS unrealised_before,
            coalesce(results.unrealised_at_end, 0) AS unrealised_at_end,
            coalesce(
                CASE WHEN known.is_excluded
                    THEN coalesce(known.exclusion_reason, 'excluded account group') END,
                results.exclusion_reason,
                CASE WHEN coalesce(known.client_key, results.client_key) IS NULL
                    THEN 'no client of the CRM owns this account' END
            ) AS excluded_because
        FROM known
        FULL JOIN results ON results.account_key = known.account_key
    ),
    judged AS (
        SELECT
            *,
            realised + unrealised_at_end - unrealised_before AS net_result,
            CASE
                WHEN excluded_because IS NOT NULL THEN excluded_because
                WHEN classification IS NULL THEN 'no client class on record at the window''s end'
                WHEN classification <> $counted
                    THEN 'client class at the window''s end: ' || classification
                WHEN NOT had_open_cfd THEN 'no open CFD in the window'
            END AS exclusion_reason
        FROM accounts
    )
    SELECT
        account_key, client_key, legal_entity, classification, had_open_cfd, realised,
        unrealised_before, unrealised_at_end, net_result, exclusion_reason,
        CASE WHEN exclusion_reason IS NULL THEN net_result < $losing_below END
    FROM judged
    ORDER BY account_key
"""
