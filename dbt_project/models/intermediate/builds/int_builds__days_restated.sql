with
    touched as (
        select tenant_id, server_id, business_date from {{ touched_days() }} as days
    ),

    remapped as (
        select tenant_id, server_id, min(remapped_from) as first_date
        from
            (
                select tenant_id, server_id, remapped_from, remapped_build_id
                from {{ ref("can_accounts") }}
                union all
                select tenant_id, server_id, remapped_from, remapped_build_id
                from {{ ref("can_account_books") }}
                union all
                select tenant_id, server_id, date '1900-01-01', remapped_build_id
                from {{ ref("can_instruments") }}
            ) as mappings
        where remapped_build_id > {{ last_done_build() }}
        group by tenant_id, server_id
    ),

    closes as (
        select tenant_id, server_id, business_date, previous_close_date
        from {{ ref("int_server_closes") }}
    ),

    -- touched, or filed under something else from a day before it on
    restated as (
        select tenant_id, server_id, business_date
        from touched
        union
        select deals.tenant_id, deals.server_id, deals.business_date
        from {{ ref("can_deals") }} as deals
        inner join
            remapped
            on remapped.tenant_id = deals.tenant_id
            and remapped.server_id = deals.server_id
            and remapped.first_date <= deals.business_date
        union
        select closes.tenant_id, closes.server_id, closes.business_date
        from closes
        inner join
            remapped
            on remapped.tenant_id = closes.tenant_id
            and remapped.server_id = closes.server_id
            and remapped.first_date <= closes.business_date
    ),

    -- or converted with a rate of a newly published day
    converted as (
        select tenant_id, server_id, business_date
        from restated
        union
        select servers.tenant_id, servers.server_id, rates.business_date
        from {{ ref("can_fx_rates") }} as rates
        cross join {{ source("meta", "servers") }} as servers
        where {{ is_new_load("rates.load_id") }}
    ),

    -- or the close after one of those: its floating result is counted from the close
    -- before
    days as (
        select tenant_id, server_id, business_date
        from converted
        union
        select closes.tenant_id, closes.server_id, closes.business_date
        from closes
        inner join
            converted
            on converted.tenant_id = closes.tenant_id
            and converted.server_id = closes.server_id
            and converted.business_date < closes.business_date
            and (
                closes.previous_close_date is null
                or closes.previous_close_date <= converted.business_date
            )
    )

select
    days.tenant_id,
    days.server_id,
    days.business_date,
    restated.business_date is not null as is_restated,
    converted.business_date is not null as is_converted_anew
from days
left join
    restated
    on restated.tenant_id = days.tenant_id
    and restated.server_id = days.server_id
    and restated.business_date = days.business_date
left join
    converted
    on converted.tenant_id = days.tenant_id
    and converted.server_id = days.server_id
    and converted.business_date = days.business_date
