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
            count(*) as deal_count,
            sum(deals.closed_pnl_amount) as closed_pnl,
            sum(deals.swap_amount) as swap,
            sum(
                deals.commission_amount + case
                    when deals.component = 'commission'
                    then {{ operation_amount("deals") }}
                    else 0
                end
            ) as commission,
            sum(deals.fee_amount) as fees,
            {%- for component, line in [
                ("deposit", "deposits"),
                ("withdrawal", "withdrawals"),
                ("internal_transfer", "internal_transfers"),
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
        -- MetaTrader 4 states one floating result, with swap and commission in it
        select
            reports.tenant_id,
            reports.server_id,
            reports.login,
            reports.business_date,
            reports.balance_amount,
            reports.credit_amount,
            reports.floating_result_amount,
            cast(0 as decimal(24, 8))
        from {{ ref("stg_mt4__daily_reports") }} as reports
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = reports.tenant_id
                and touched.server_id = reports.server_id
                and touched.login = reports.login
                and touched.first_date <= reports.business_date
        {% endif %}
        union all
        -- cTrader says with each change what balance it left; the last of a day is
        -- the close
        select
            changes.tenant_id,
            changes.server_id,
            changes.login,
            changes.business_date,
            max_by(changes.balance_amount, changes.balance_version),
            cast(null as decimal(24, 8)),
            cast(null as decimal(24, 8)),
            cast(null as decimal(24, 8))
        from {{ ref("stg_ctrader__balance_changes") }} as changes
        {% if is_incremental() %}
            inner join
                touched
                on touched.tenant_id = changes.tenant_id
                and touched.server_id = changes.server_id
                and touched.login = changes.login
                and touched.first_date <= changes.business_date
        {% endif %}
        where changes.login is not null
        group by
            changes.tenant_id, changes.server_id, changes.login, changes.business_date
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
        {% for side in ["moved", "platform", "positions"] %}
            left join
                {{ side }}
                on {{ side }}.tenant_id = account_days.tenant_id
                and {{ side }}.server_id = account_days.server_id
                and {{ side }}.login = account_days.login
                and {{ side }}.business_date = account_days.business_date
        {% endfor %}
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
            {{ account }},
            business_date,
            is_prior,
            deal_count,
            position_count,
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
            {{ account }},
            business_date,
            is_prior,
            deal_count,
            position_count,
            balance_change,
            credit_change,
            closing_balance,
            closing_credit,
            floating_pnl,
            floating_swap,
            platform_balance,
            platform_credit,
            platform_floating,
            coalesce(
                closing_balance - platform_balance, prior_balance_break
            ) as balance_break,
            coalesce(
                closing_credit - platform_credit, prior_credit_break
            ) as credit_break,
            coalesce(
                floating_pnl + floating_swap - platform_floating, prior_floating_break
            ) as floating_break
        from rolled
    ),

    -- a difference that was never seen yet counts as none
    followed as (
        select
            {{ account }},
            business_date,
            is_prior,
            deal_count,
            position_count,
            balance_change,
            credit_change,
            closing_balance,
            closing_credit,
            floating_pnl,
            floating_swap,
            platform_balance,
            platform_credit,
            platform_floating,
            balance_break,
            credit_break,
            floating_break,
            lag(floating_pnl + floating_swap, 1, 0) over (
                partition by {{ account }} order by business_date
            ) as previous_floating,
            {%- for kind in ["balance", "credit", "floating"] %}
                coalesce(
                    {{
                        last_known(
                            kind ~ "_break", account, "business_date", "1 preceding"
                        )
                    }},
                    0
                ) as previous_{{ kind }}_break{{ "," if not loop.last }}
            {%- endfor %}
        from differing
    ),

    kept as (
        select
            {{ account }},
            business_date,
            balance_change,
            credit_change,
            closing_balance,
            closing_credit,
            floating_pnl,
            floating_swap,
            platform_balance,
            platform_credit,
            platform_floating,
            balance_break,
            credit_break,
            floating_break
        from followed
        where
            not is_prior
            and (
                deal_count > 0
                or position_count > 0
                or floating_pnl + floating_swap <> previous_floating
                or balance_break <> previous_balance_break
                or credit_break <> previous_credit_break
                or floating_break <> previous_floating_break
            )
    ),

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            client_key,
            account_currency,
            currency_digits,
            is_excluded
        from {{ ref("can_accounts") }}
    )

select
    kept.tenant_id,
    kept.server_id,
    kept.login,
    coalesce(accounts.account_key, {{ account_key("kept") }}) as account_key,
    accounts.client_key,
    coalesce(books.legal_entity, 'unmapped') as legal_entity,
    coalesce(books.book, 'unmapped') as book,
    books.group_name,
    coalesce(accounts.account_currency, 'XXX') as account_currency,
    coalesce(accounts.currency_digits, 2) as currency_digits,
    coalesce(accounts.is_excluded, false) as is_excluded,
    kept.business_date,
    cast(
        kept.closing_balance - kept.balance_change as decimal(38, 8)
    ) as opening_balance_amount,
    {%- for component in components %}
        cast(
            coalesce(moved.{{ component }}, 0) as decimal(38, 8)
        ) as {{ component }}_amount,
    {%- endfor %}
    cast(kept.closing_balance as decimal(38, 8)) as closing_balance_amount,
    cast(
        kept.closing_credit - kept.credit_change as decimal(38, 8)
    ) as opening_credit_amount,
    cast(kept.credit_change as decimal(38, 8)) as credit_change_amount,
    cast(kept.closing_credit as decimal(38, 8)) as closing_credit_amount,
    cast(kept.floating_pnl as decimal(38, 8)) as floating_pnl_amount,
    cast(kept.floating_swap as decimal(38, 8)) as floating_swap_amount,
    cast(
        kept.closing_balance
        + kept.closing_credit
        + kept.floating_pnl
        + kept.floating_swap as decimal(38, 8)
    ) as equity_amount,
    kept.platform_balance as platform_balance_amount,
    kept.platform_credit as platform_credit_amount,
    kept.platform_floating as platform_floating_amount,
    cast(kept.balance_break as decimal(38, 8)) as balance_break_amount,
    cast(kept.credit_break as decimal(38, 8)) as credit_break_amount,
    cast(kept.floating_break as decimal(38, 8)) as floating_break_amount
from kept
left join
    moved
    on moved.tenant_id = kept.tenant_id
    and moved.server_id = kept.server_id
    and moved.login = kept.login
    and moved.business_date = kept.business_date
left join
    accounts
    on accounts.tenant_id = kept.tenant_id
    and accounts.server_id = kept.server_id
    and accounts.login = kept.login
    {{ join_books("kept") }}
order by kept.business_date, kept.server_id, kept.login
