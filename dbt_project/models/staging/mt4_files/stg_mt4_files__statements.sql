with

    statements as (
        select *, _tenant_id as tenant_id, _source as server_id
        from {{ current_rows("mt4_statements") }} as rows_now
    ),

    hours as (
        select distinct
            tenant_id, server_id, date_trunc('hour', at_server) as server_hour
        from
            (
                select tenant_id, server_id, statement_at as at_server from statements
            ) as moments
        where at_server is not null
    ),

    offsets as (select * from {{ server_offsets("hours") }} as clock)

select
    statements.tenant_id,
    statements.server_id,
    statements.login,
    statements.statement_at as statement_at_server,
    {{ minutes_after("statements.statement_at", "-printing.offset_minutes") }}
    as statement_at_utc,
    statements.company,
    statements.currency as account_currency,
    statements.leverage,
    statements.deposit_withdrawal as balance_operations_amount,
    statements.credit_facility as credit_amount,
    statements.closed_pnl as closed_result_amount,
    statements.floating_pnl as floating_result_amount,
    statements.margin as margin_amount,
    statements.balance as balance_amount,
    statements.equity as equity_amount,
    statements.free_margin as free_margin_amount,
    statements._source_table as file_name,
    statements._row_id as raw_row_id,
    statements._load_id as load_id
from statements
left join
    offsets as printing
    on printing.tenant_id = statements.tenant_id
    and printing.server_id = statements.server_id
    and printing.server_hour = date_trunc('hour', statements.statement_at)
