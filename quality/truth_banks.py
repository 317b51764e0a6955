"""Bank statements and closing quotes against the truth: balances, entries, every wire."""

from __future__ import annotations

from quality.truth_queries import Comparison

BANK_BALANCES = Comparison(
    id="truth_bank_balances",
    what="Each bank account's closing balance and entries of each day equal the simulator's truth",
    file="bank_balances.parquet",
    needs=("staging.stg_bank__statements", "staging.stg_bank__entries"),
    key=("tenant_id", "bank_source_id", "bank_account_id", "currency", "closing_date"),
    amounts=("closing_balance", "entries_amount", "entry_count"),
    truth="SELECT * FROM {file}",
    # Summed over the entries themselves, not taken from the statement's own totals.
    books="""
        WITH entries AS (
            SELECT
                tenant_id,
                bank_source_id,
                bank_account_id,
                currency,
                statement_id,
                sum(amount) AS entries_amount,
                count(*) AS entry_count
            FROM lake.staging.stg_bank__entries
            WHERE is_booked
            GROUP BY ALL
        )
        SELECT
            s.tenant_id,
            s.bank_source_id,
            s.bank_account_id,
            s.currency,
            s.closing_date,
            s.closing_balance_amount AS closing_balance,
            coalesce(e.entries_amount, 0) AS entries_amount,
            coalesce(e.entry_count, 0) AS entry_count
        FROM lake.staging.stg_bank__statements AS s
        LEFT JOIN entries AS e USING (
            tenant_id, bank_source_id, bank_account_id, currency, statement_id
        )
    """,
)

BANK_WIRES = Comparison(
    id="truth_bank_wires",
    what="Every wire of the CRM is on a bank account, with its amount, once",
    file="bank_wires.parquet",
    needs=("staging.stg_bank__entry_details", "staging.stg_bank__entries"),
    key=("tenant_id", "bank_source_id", "currency", "request_id", "booking_date"),
    amounts=("amount",),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            d.tenant_id,
            d.bank_source_id,
            d.currency,
            d.payment_reference AS request_id,
            e.booking_date,
            d.amount
        FROM lake.staging.stg_bank__entry_details AS d
        INNER JOIN lake.staging.stg_bank__entries AS e USING (
            tenant_id, bank_source_id, bank_account_id, currency, statement_id, entry_id
        )
        WHERE d.payment_reference IS NOT NULL
    """,
)

CLOSING_QUOTES = Comparison(
    id="truth_closing_quotes",
    what="Bid and ask of each symbol at each close equal the simulator's truth",
    file="closing_quotes.parquet",
    needs=("staging.stg_reference__quotes",),
    key=("tenant_id", "symbol", "quote_date"),
    amounts=("bid", "ask"),
    truth="SELECT * FROM {file}",
    books="""
        SELECT
            tenant_id,
            symbol,
            cast(quoted_at AS DATE) AS quote_date,
            bid_price AS bid,
            ask_price AS ask
        FROM lake.staging.stg_reference__quotes
        WHERE quote_kind = 'closing'
    """,
)

BANK_COMPARISONS = (BANK_BALANCES, BANK_WIRES, CLOSING_QUOTES)
