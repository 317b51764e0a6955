with

    deals as (select * from {{ current_rows("mt5_files_deals") }} as rows_now),

    -- where both a Manager export and a terminal report hold a deal, the export tells
    -- more
    exported as (
        select _tenant_id, _source, login, deal
        from deals
        where report = 'manager_deals'
    ),

    servers as (
        select tenant_id, server_id, clock_zone, clock_shift_minutes
        from {{ source("meta", "servers") }}
    ),

    actions as (select action_code, action from {{ ref("ref_mt5_deal_actions") }}),

    entries as (select entry_code, entry from {{ ref("ref_mt5_deal_entries") }})

select
    deals._tenant_id as tenant_id,
    deals._source as server_id,
    deals.deal as deal_id,
    deals.login,
    deals."order" as order_id,
    deals."position" as position_id,
    actions.action_code,
    entries.entry_code,
    deals.reason as reason,
    deals._business_date as business_date,
    deals."time" as executed_at_server,
    {{
        server_time_to_utc(
            'deals."time"', "servers.clock_zone", "servers.clock_shift_minutes"
        )
    }} as executed_at_utc,
    coalesce(deals.symbol, '') as symbol,
    deals.price,
    coalesce(deals.volume, cast(0 as decimal(24, 8))) as volume_lots,
    deals.profit as profit_amount,
    deals.swap as storage_amount,
    deals.commission as commission_amount,
    coalesce(deals.fee, cast(0 as decimal(24, 8))) as fee_amount,
    deals.balance as balance_amount,
    deals.currency as account_currency,
    deals."group" as account_group,
    deals.type in ('buy canceled', 'sell canceled') as is_cancelled,
    coalesce(deals.comment, '') as "comment",
    deals.report as source_report,
    deals._row_id as raw_row_id,
    deals._load_id as load_id
from deals
left join
    exported
    on exported._tenant_id = deals._tenant_id
    and exported._source = deals._source
    and exported.login = deals.login
    and exported.deal = deals.deal
left join
    servers
    on servers.tenant_id = deals._tenant_id
    and servers.server_id = deals._source
left join
    actions
    on actions.action = replace(replace(deals.type, 'canceled', 'cancelled'), ' ', '_')
left join entries on entries.entry = replace(replace(deals.entry, '/', '_'), ' ', '_')
where deals.report = 'manager_deals' or exported.deal is null
