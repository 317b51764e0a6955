"""The percentage of losing retail accounts against the truth, window by window."""

from __future__ import annotations

from quality.truth_queries import Comparison

LOSING_ACCOUNTS = Comparison(
    id="truth_losing_accounts",
    what="Retail accounts that traded, and those that lost, equal the simulator's truth",
    file="losing_accounts.parquet",
    needs=(
        "filings.fil_losing_accounts__account_days",
        "filings.fil_losing_accounts__account_classifications",
    ),
    key=("tenant_id", "window_from", "window_to"),
    amounts=("retail_accounts", "losing_accounts"),
    truth="SELECT * FROM {file}",
    # Counted here from the evidence by account and day, not by the filing's own query.
    books="""
        WITH windows AS (
            SELECT DISTINCT tenant_id, window_from, window_to FROM {file}
        ),
        classes AS (
            SELECT w.tenant_id, w.window_from, w.window_to, c.account_key
            FROM windows AS w
            INNER JOIN lake.filings.fil_losing_accounts__account_classifications AS c
                ON c.tenant_id = w.tenant_id
                AND c.valid_from <= w.window_to
                AND coalesce(c.valid_to, DATE '9999-12-31') > w.window_to
            WHERE c.classification = 'retail' AND NOT c.is_excluded AND c.client_key IS NOT NULL
        ),
        results AS (
            SELECT
                c.tenant_id,
                c.window_from,
                c.window_to,
                c.account_key,
                bool_or(d.has_open_cfd AND d.business_date >= c.window_from) AS was_open,
                coalesce(
                    arg_max(d.unrealised_reporting, d.business_date)
                    FILTER (d.business_date < c.window_from),
                    0
                ) AS unrealised_before,
                arg_max(d.unrealised_reporting, d.business_date) AS unrealised_at_end,
                coalesce(
                    sum(d.realised_reporting) FILTER (d.business_date >= c.window_from), 0
                ) AS realised
            FROM classes AS c
            INNER JOIN lake.filings.fil_losing_accounts__account_days AS d
                ON d.account_key = c.account_key AND d.business_date <= c.window_to
            GROUP BY ALL
        )
        SELECT
            w.tenant_id,
            w.window_from,
            w.window_to,
            count(r.account_key) AS retail_accounts,
            count(r.account_key) FILTER (
                r.realised + r.unrealised_at_end - r.unrealised_before < 0
            ) AS losing_accounts
        FROM windows AS w
        LEFT JOIN results AS r
            ON r.tenant_id = w.tenant_id
            AND r.window_from = w.window_from
            AND r.window_to = w.window_to
            AND (r.was_open OR r.unrealised_before <> 0)
        GROUP BY ALL
    """,
)
