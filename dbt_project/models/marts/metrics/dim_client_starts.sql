{{ config(materialized="view") }}

with

    traded as (
        select
            tenant_id,
            holder_key,
            server_id,
            account_key,
            client_key,
            legal_entity,
            book,
            desk,
            country,
            instrument,
            business_date,
            row_number() over (
                partition by tenant_id, holder_key
                order by first_traded_at_utc, account_key, symbol
            ) as place
        from {{ ref("fct_traded_days") }}
    ),

    accounts as (
        select tenant_id, server_id, account_key, client_key
        from {{ ref("can_accounts") }}
        where not is_excluded and known_from <> 'deals'
    ),

    deposited as (
        select
            accounts.tenant_id,
            coalesce(accounts.client_key, accounts.account_key) as holder_key,
            min(movements.business_date) as first_deposit_date
        from {{ ref("can_cash_movements") }} as movements
        left join accounts on accounts.account_key = movements.account_key
        where movements.kind = 'deposit' and accounts.account_key is not null
        group by 1, 2
    )

select
    traded.tenant_id,
    traded.holder_key,
    traded.client_key,
    traded.account_key,
    traded.server_id,
    traded.legal_entity,
    traded.book,
    traded.desk,
    traded.country,
    traded.instrument,
    traded.business_date as first_trade_date,
    cast(date_trunc('month', traded.business_date) as date) as cohort_month,
    deposited.first_deposit_date,
    case
        when deposited.first_deposit_date <= traded.business_date
        then {{ days_between("deposited.first_deposit_date", "traded.business_date") }}
    end as days_to_first_trade
from traded
left join
    deposited
    on deposited.tenant_id = traded.tenant_id
    and deposited.holder_key = traded.holder_key
where traded.place = 1
