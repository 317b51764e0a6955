"""A batch of a provider nets to zero: what came in, less fees, is what was paid out.

Asked of what the lake holds, not of one file: a batch may come in several, and a row that is
corrected later may mend it.
"""

from __future__ import annotations

from ingestion.connectors.context import PassContext
from ingestion.connectors.psp.contract import TRANSACTIONS
from ingestion.connectors.psp.mapping import Mapping
from ingestion.connectors.psp.vocabulary import MOVING_STATUSES
from ingestion.problems import Problem

_SHOWN = 20


def unbalanced_batches(context: PassContext, mapping: Mapping) -> list[Problem]:
    """An error for every complete batch whose net is not zero; asked again once something loaded.

    A batch is complete when it holds a payout, or always, as ``batch.complete`` says.
    """
    if mapping.columns.batch_id is None or mapping.batch.complete == "never":
        return []
    last_load = context.state.table(TRANSACTIONS.table).last_load
    key = f"batches:{mapping.batch.complete}:{last_load}"
    remembered = context.memory.get(key)
    if not isinstance(remembered, list):
        remembered = _asked(context, mapping.batch.complete)
        context.memory[key] = remembered
    return remembered


def _asked(context: PassContext, complete: str) -> list[Problem]:
    whole = "true" if complete == "always" else "bool_or(event_type = 'payout')"
    found = context.con.execute(
        f"""
        WITH moving AS (
            SELECT
                psp_account,
                batch_id,
                event_type,
                coalesce(net_currency, gross_currency) AS currency,
                coalesce(
                    net_amount,
                    gross_amount - coalesce(fee_amount, 0) - coalesce(reserve_amount, 0)
                ) AS net
            FROM lake.raw.{TRANSACTIONS.table} AS r
            ANTI JOIN lake.raw.superseded AS s ON s.superseded_row_id = r._row_id
            WHERE
                r._tenant_id = $tenant
                AND r._source = $source
                AND NOT r._is_deleted
                AND batch_id IS NOT NULL
                AND event_type <> 'memo'
                AND status IN (SELECT unnest($statuses::VARCHAR[]))
        )
        SELECT psp_account, batch_id, currency, count(*), sum(net)::VARCHAR
        FROM moving
        GROUP BY ALL
        HAVING {whole} AND sum(net) <> 0
        ORDER BY ALL
        """,
        {
            "tenant": context.source.tenant,
            "source": context.source.name,
            "statuses": list(MOVING_STATUSES),
        },
    ).fetchall()
    problems = [
        Problem(
            TRANSACTIONS.table,
            "error",
            f"Batch {batch} of {account} does not net to zero: its {rows} rows in {currency} "
            f"come to {net.rstrip('0').rstrip('.')}.",
            "compare it with the provider's own batch report: a row is missing, was quarantined, "
            "or the mapping's signs or fees are wrong",
        )
        for account, batch, currency, rows, net in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        problems.append(
            Problem(
                TRANSACTIONS.table,
                "error",
                f"{len(found) - _SHOWN} more batches do not net to zero.",
                "mend the ones named first",
            )
        )
    return problems
