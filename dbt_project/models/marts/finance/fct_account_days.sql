{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="fail",
        pre_hook="{{ delete_touched_accounts() }}",
    )
}}

{%- set components = [
    "deposits",
    "withdrawals",
    "internal_transfers",
    "closed_pnl",
    "swap",
    "commission",
    "commission_round",
    "fees",
    "agent_commission",
    "interest",
    "dividends",
    "taxes",
    "charges",
    "corrections",
    "bonus",
    "stop_out_compensation",
] -%}
{%- set account = "tenant_id, server_id, login" %}

with

    {% if is_incremental() %}
        touched as (
            select tenant_id, server_id, login, first_date
            from {{ touched_accounts() }} as changed
        ),

        -- the last row kept before the first touched day carries the whole state of
        -- the account
        prior as (
            select
                held.tenant_id,
                held.server_id,
                held.login,
                max(held.business_date) as business_date,
                max_by(
                    held.closing_balance_amount, held.business_date
                ) as closing_balance,
                max_by(
                    held.closing_credit_amount, held.business_date
                ) as closing_credit,
                max_by(held.floating_pnl_amount, held.business_date) as floating_pnl,
                max_by(held.floating_swap_amount, held.business_date) as floating_swap,
                max_by(held.balance_break_amount, held.business_date) filter (
                    where held.balance_break_amount is not null
                ) as balance_break,
                max_by(held.credit_break_amount, held.business_date) filter (
                    where held.credit_break_amount is not null
                ) as credit_break,
                max_by(held.floating_break_amount, held.business_date) filter (
                    where held.floating_break_amount is not null
                ) as floating_break
            from {{ this }} as held
            inner join
                touched
                on touched.tenant_id = held.tenant_id
                and touched.server_id = held.server_id
                and touched.login = held.login
                and held.business_date < touched.first_date
            group by held.tenant_id, held.server_id, held.login
        ),
    {% endif %}

    moved as (
        select
            deals.tenant_id,
            deals.server_id,
            deals.login,
            deals.business_date,
            count(*) filter (where deals.component <> 'cancelled') as deal_count,
            sum(deals.closed_pnl_amount) as closed_pnl,
            sum(deals.swap_amount) as swap,
            sum(deals.commission_amount) as trade_commission,
            sum(deals.fee_amount) as fees,
            {%- for component, line in [
                ("deposit", "deposits"),
                ("withdrawal", "withdrawals"),
                ("internal_transfer", "internal_transfers"),
                ("commission", "booked_commission"),
                ("commission_round", "commission_round"),
                ("agent", "agent_commission"),
                ("interest", "interest"),
                ("dividend", "dividends"),
                ("tax", "taxes"),
                ("charge", "charges"),
                ("bonus", "bonus"),
                ("so_compensation", "stop_out_compensation"),
            ] %}
                sum(
                    case
                        when deals.component = '{{ component }}'
                        then {{ operation_amount("deals") }}
                        else 0
                    end
                ) as {{ line }},
            {%- endfor %}
            sum(
                case
                    when deals.component in ('correction', 'unknown')
                    then {{ operation_amount("deals") }}
                    else 0
                end
            ) as corrections,
            sum(deals.balance_effect_amount) as balance_change,
            sum(deals.credit_effect_amount) as credit_change
        from {{ ref("can_deals") }} as deals
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = deals.tenant_id
                and touched.server_id = deals.server_id
                and touched.login = deals.login
                and touched.first_date <= deals.business_date
        {% endif %}
        group by deals.tenant_id, deals.server_id, deals.login, deals.business_date
    ),

    platform as (
        select
            reports.tenant_id,
            reports.server_id,
            reports.login,
            reports.business_date,
            reports.balance_amount,
            reports.credit_amount,
            reports.floating_pnl_amount,
            reports.floating_swap_amount
        from {{ ref("stg_mt5__daily_reports") }} as reports
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = reports.tenant_id
                and touched.server_id = reports.server_id
                and touched.login = reports.login
                and touched.first_date <= reports.business_date
        {% endif %}
        union all
        -- a server without daily reports is compared with its live balances on its
        -- last day
        select
            live.tenant_id,
            live.server_id,
            live.login,
            last_days.business_date,
            live.balance_amount,
            live.credit_amount,
            coalesce(live.floating_pnl_amount, 0),
            coalesce(live.floating_swap_amount, 0)
        from {{ ref("stg_mt5__accounts") }} as live
        inner join
            (
                select
                    deals.tenant_id,
                    deals.server_id,
                    max(deals.business_date) as business_date
                from {{ ref("can_deals") }} as deals
                left join
                    (
                        select distinct tenant_id, server_id
                        from {{ ref("int_server_closes") }}
                    ) as closing
                    on closing.tenant_id = deals.tenant_id
                    and closing.server_id = deals.server_id
                where closing.server_id is null
                group by deals.tenant_id, deals.server_id
            ) as last_days
            on last_days.tenant_id = live.tenant_id
            and last_days.server_id = live.server_id
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = live.tenant_id
                and touched.server_id = live.server_id
                and touched.login = live.login
        {% endif %}
    ),

    positions as (
        select
            held.tenant_id,
            held.server_id,
            held.login,
            held.business_date,
            count(*) as position_count,
            sum(held.floating_pnl_amount) as floating_pnl,
            sum(held.floating_swap_amount) as floating_swap
        from {{ ref("fct_open_positions") }} as held
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = held.tenant_id
                and touched.server_id = held.server_id
                and touched.login = held.login
                and touched.first_date <= held.business_date
        {% endif %}
        group by held.tenant_id, held.server_id, held.login, held.business_date
    ),

    servers_with_positions as (
        select distinct tenant_id, server_id
        from {{ ref("int_server_closes") }}
        where has_positions
    ),

    account_days as (
        select {{ account }}, business_date
        from moved
        union
        select {{ account }}, business_date
        from platform
        union
        select {{ account }}, business_date
        from positions
    ),

    compared as (
        select
            account_days.tenant_id,
            account_days.server_id,
            account_days.login,
            account_days.business_date,
            false as is_prior,
            coalesce(moved.deal_count, 0) as deal_count,
            coalesce(positions.position_count, 0) as position_count,
            coalesce(moved.trade_commission, 0)
            + coalesce(moved.booked_commission, 0) as commission,
            {%- for component in components if component != "commission" %}
                coalesce(moved.{{ component }}, 0) as {{ component }},
            {%- endfor %}
            coalesce(moved.balance_change, 0) as balance_change,
            coalesce(moved.credit_change, 0) as credit_change,
            -- a close without a position has no floating result; a day that is not
            -- closed yet
            -- keeps that of the last close
            case
                when servers_with_positions.server_id is null
                then cast(platform.floating_pnl_amount as decimal(38, 8))
                when platform.login is not null or positions.login is not null
                then coalesce(positions.floating_pnl, 0)
            end as floating_pnl,
            case
                when servers_with_positions.server_id is null
                then cast(platform.floating_swap_amount as decimal(38, 8))
                when platform.login is not null or positions.login is not null
                then coalesce(positions.floating_swap, 0)
            end as floating_swap,
            platform.balance_amount as platform_balance,
            platform.credit_amount as platform_credit,
            cast(
                platform.floating_pnl_amount
                + platform.floating_swap_amount as decimal(24, 8)
            ) as platform_floating,
            cast(null as decimal(38, 8)) as prior_balance_break,
            cast(null as decimal(38, 8)) as prior_credit_break,
            cast(null as decimal(38, 8)) as prior_floating_break
        from account_days
        left join
            moved
            on moved.tenant_id = account_days.tenant_id
            and moved.server_id = account_days.server_id
            and moved.login = account_days.login
            and moved.business_date = account_days.business_date
        left join
            platform
            on platform.tenant_id = account_days.tenant_id
            and platform.server_id = account_days.server_id
            and platform.login = account_days.login
            and platform.business_date = account_days.business_date
        left join
            positions
            on positions.tenant_id = account_days.tenant_id
            and positions.server_id = account_days.server_id
            and positions.login = account_days.login
            and positions.business_date = account_days.business_date
        left join
            servers_with_positions
            on servers_with_positions.tenant_id = account_days.tenant_id
            and servers_with_positions.server_id = account_days.server_id
        {% if is_incremental() %}
            union all
            select
                tenant_id,
                server_id,
                login,
                business_date,
                true,
                0,
                0,
                {%- for component in components %} 0,{%- endfor %}
                closing_balance,
                closing_credit,
                floating_pnl,
                floating_swap,
                null,
                null,
                null,
                balance_break,
                credit_break,
                floating_break
            from prior
        {% endif %}
    ),

    rolled as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            is_prior,
            deal_count,
            position_count,
            {%- for component in components %} {{ component }}, {%- endfor %}
            balance_change,
            credit_change,
            sum(balance_change) over account_window as closing_balance,
            sum(credit_change) over account_window as closing_credit,
            coalesce(
                {{ last_known("floating_pnl", account, "business_date") }}, 0
            ) as floating_pnl,
            coalesce(
                {{ last_known("floating_swap", account, "business_date") }}, 0
            ) as floating_swap,
            platform_balance,
            platform_credit,
            platform_floating,
            prior_balance_break,
            prior_credit_break,
            prior_floating_break
        from compared
        window
            account_window as (
                partition by {{ account }}
                order by business_date
                rows between unbounded preceding and current row
            )
    ),

    differing as (
        select
            rolled.*,
            closing_balance - platform_balance as balance_break,
            closing_credit - platform_credit as credit_break,
            floating_pnl + floating_swap - platform_floating as floating_break,
            floating_pnl
            + floating_swap
            - lag(floating_pnl + floating_swap, 1, 0) over (
                partition by {{ account }} order by business_date
            ) as floating_change
        from rolled
    ),

    -- a difference that was not seen yet counts as none
    known as (
        select
            differing.*,
            {%- for kind in ["balance", "credit", "floating"] %}
                coalesce(
                    {{
                        last_known(
                            "coalesce(" ~ kind ~ "_break, prior_" ~ kind ~ "_break)",
                            account,
                            "business_date",
                        )
                    }},
                    0
                ) as known_{{ kind }}_break{{ "," if not loop.last }}
            {%- endfor %}
        from differing
    ),

    followed as (
        select
            known.*,
            {%- for kind in ["balance", "credit", "floating"] %}
                known_{{ kind }}_break - lag(known_{{ kind }}_break, 1, 0) over (
                    partition by {{ account }} order by business_date
                ) as {{ kind }}_break_change{{ "," if not loop.last }}
            {%- endfor %}
        from known
    ),

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            legal_entity,
            book,
            group_name,
            account_currency,
            currency_digits,
            is_excluded
        from {{ ref("can_accounts") }}
    )

select
    followed.tenant_id,
    followed.server_id,
    followed.login,
    coalesce(accounts.account_key, {{ account_key("followed") }}) as account_key,
    accounts.client_key,
    coalesce(accounts.legal_entity, 'unmapped') as legal_entity,
    coalesce(accounts.book, 'unmapped') as book,
    accounts.group_name,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
    coalesce(accounts.currency_digits, 2) as currency_digits,
    coalesce(accounts.is_excluded, false) as is_excluded,
    followed.business_date,
    cast(
        followed.closing_balance - followed.balance_change as decimal(38, 8)
    ) as opening_balance_amount,
    {%- for component in components %}
        cast(followed.{{ component }} as decimal(38, 8)) as {{ component }}_amount,
    {%- endfor %}
    cast(followed.closing_balance as decimal(38, 8)) as closing_balance_amount,
    cast(
        followed.closing_credit - followed.credit_change as decimal(38, 8)
    ) as opening_credit_amount,
    cast(followed.credit_change as decimal(38, 8)) as credit_change_amount,
    cast(followed.closing_credit as decimal(38, 8)) as closing_credit_amount,
    cast(followed.floating_pnl as decimal(38, 8)) as floating_pnl_amount,
    cast(followed.floating_swap as decimal(38, 8)) as floating_swap_amount,
    cast(
        followed.closing_balance
        + followed.closing_credit
        + followed.floating_pnl
        + followed.floating_swap as decimal(38, 8)
    ) as equity_amount,
    followed.platform_balance as platform_balance_amount,
    followed.platform_credit as platform_credit_amount,
    followed.platform_floating as platform_floating_amount,
    cast(followed.balance_break as decimal(38, 8)) as balance_break_amount,
    cast(followed.credit_break as decimal(38, 8)) as credit_break_amount,
    cast(followed.floating_break as decimal(38, 8)) as floating_break_amount
from followed
left join
    accounts
    on accounts.tenant_id = followed.tenant_id
    and accounts.server_id = followed.server_id
    and accounts.login = followed.login
where
    not followed.is_prior
    and (
        followed.deal_count > 0
        or followed.position_count > 0
        or followed.floating_change <> 0
        or followed.balance_break_change <> 0
        or followed.credit_break_change <> 0
        or followed.floating_break_change <> 0
    )
order by followed.business_date, followed.server_id, followed.login
