with

    days as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            balance_break_amount,
            credit_break_amount,
            floating_break_amount,
            closing_balance_amount
        from {{ ref("fct_account_days") }}
    ),

    differing_accounts as (
        select distinct tenant_id, server_id, login
        from days
        where
            balance_break_amount <> 0
            or credit_break_amount <> 0
            or floating_break_amount <> 0
    ),

    differences as (
        {% for kind in ["balance", "credit", "floating"] %}
            select
                days.tenant_id,
                days.server_id,
                days.login,
                days.business_date,
                '{{ kind }}' as kind,
                days.{{ kind }}_break_amount as amount,
                days.closing_balance_amount
            from days
            inner join
                differing_accounts
                on differing_accounts.tenant_id = days.tenant_id
                and differing_accounts.server_id = days.server_id
                and differing_accounts.login = days.login
            where
                days.{{ kind }}_break_amount is not null
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    followed as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            kind,
            amount,
            closing_balance_amount,
            lag(amount, 1, 0) over (
                partition by tenant_id, server_id, login, kind order by business_date
            ) as previous_amount
        from differences
    ),

    changes as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            kind,
            amount,
            closing_balance_amount,
            lead(business_date) over (
                partition by tenant_id, server_id, login, kind order by business_date
            ) as next_change_date
        from followed
        where amount <> previous_amount
    ),

    closes as (
        select tenant_id, server_id, business_date, previous_close_date
        from {{ ref("int_server_closes") }}
    ),

    last_closes as (
        select tenant_id, server_id, max(business_date) as last_close_date
        from closes
        group by tenant_id, server_id
    )

select
    changes.tenant_id,
    changes.server_id,
    changes.login,
    changes.kind,
    changes.business_date,
    -- it lasted until the close before the one that told otherwise
    case
        when changes.next_change_date is null
        then coalesce(last_closes.last_close_date, changes.business_date)
        else coalesce(closes.previous_close_date, changes.business_date)
    end as last_date,
    changes.amount,
    changes.next_change_date is null as is_open,
    changes.closing_balance_amount
from changes
left join
    closes
    on closes.tenant_id = changes.tenant_id
    and closes.server_id = changes.server_id
    and closes.business_date = changes.next_change_date
left join
    last_closes
    on last_closes.tenant_id = changes.tenant_id
    and last_closes.server_id = changes.server_id
where changes.amount <> 0
