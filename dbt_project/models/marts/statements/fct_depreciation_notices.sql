{{ config(materialized="view") }}

{%- set opened_at = product(
    ["held.volume_units", "held.open_price", "held.profit_rate"], 38
) -%}

with

    rules as (
        select rule, value, valid_from, valid_to from {{ ref("rul_statements") }}
    ),

    accounts as (
        select account_key, client_key, leverage, is_excluded
        from {{ ref("can_accounts") }}
        where not is_excluded
    ),

    classes as (
        select client_key, classification, valid_from, valid_to
        from {{ ref("can_client_classifications") }}
    ),

    -- what the client put in for each open position, and what is left of it at the
    -- close
    positions as (
        select
            held.tenant_id,
            held.server_id,
            held.login,
            held.account_key,
            held.business_date,
            'position' as subject,
            held.position_id,
            held.symbol,
            cast(
                case
                    when bases.value = 'margin' and accounts.leverage > 0
                    then {{ ratio(opened_at, "accounts.leverage") }}
                    else {{ opened_at }}
                end as decimal(38, 8)
            ) as initial_value_amount,
            held.floating_pnl_amount + held.floating_swap_amount as result_amount,
            cast(null as date) as reporting_period
        from {{ ref("fct_open_positions") }} as held
        inner join accounts on accounts.account_key = held.account_key
        inner join
            rules as bases
            on bases.rule = 'depreciation_basis'
            and {{ effective("bases", "held.business_date") }}
        where
            held.side is not null
            and held.volume_units > 0
            and held.open_price > 0
            and held.profit_rate > 0
    ),

    account_days as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            business_date,
            equity_amount,
            deposits_amount
            + withdrawals_amount
            + internal_transfers_amount
            + bonus_amount
            + credit_change_amount as paid_in_amount,
            lag(equity_amount, 1, 0) over (
                partition by account_key order by business_date
            ) as previous_equity_amount,
            cast(date_trunc('quarter', business_date) as date) as reporting_period
        from {{ ref("fct_account_days") }}
    ),

    -- the account at the beginning of the reporting period, and what was paid in since
    portfolios as (
        select
            days.tenant_id,
            days.server_id,
            days.login,
            days.account_key,
            days.business_date,
            cast(
                first_value(days.previous_equity_amount) over (
                    partition by days.account_key, days.reporting_period
                    order by days.business_date
                ) + sum(days.paid_in_amount) over (
                    partition by days.account_key, days.reporting_period
                    order by days.business_date
                    rows between unbounded preceding and current row
                ) as decimal(38, 8)
            ) as initial_value_amount,
            days.equity_amount,
            days.reporting_period
        from account_days as days
        inner join accounts on accounts.account_key = days.account_key
    ),

    valued as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            business_date,
            subject,
            position_id,
            symbol,
            initial_value_amount,
            result_amount,
            reporting_period
        from positions
        union all
        select
            tenant_id,
            server_id,
            login,
            account_key,
            business_date,
            'portfolio',
            cast(0 as bigint),
            '',
            initial_value_amount,
            cast(equity_amount - initial_value_amount as decimal(38, 8)),
            reporting_period
        from portfolios
    ),

    fallen as (
        select
            valued.tenant_id,
            valued.server_id,
            valued.login,
            valued.account_key,
            valued.business_date,
            valued.subject,
            valued.position_id,
            valued.symbol,
            valued.initial_value_amount,
            valued.result_amount,
            valued.reporting_period,
            cast(steps.value as decimal(9, 4)) as step_pct,
            {{
                ratio(
                    "cast(-100 * valued.result_amount as decimal(38, 8))",
                    "valued.initial_value_amount",
                    4,
                )
            }} as fall_pct
        from valued
        inner join
            rules as steps
            on steps.rule = 'depreciation_step_pct'
            and {{ effective("steps", "valued.business_date") }}
        where valued.initial_value_amount > 0
    ),

    stepped as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            business_date,
            subject,
            position_id,
            symbol,
            initial_value_amount,
            result_amount,
            reporting_period,
            step_pct,
            fall_pct,
            case
                when fall_pct < step_pct
                then 0
                else cast(floor({{ ratio("fall_pct", "step_pct", 4) }}) as integer)
            end as step_number
        from fallen
    ),

    known as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            business_date,
            subject,
            position_id,
            symbol,
            initial_value_amount,
            result_amount,
            reporting_period,
            step_pct,
            fall_pct,
            step_number,
            coalesce(
                max(step_number) over (
                    partition by account_key, subject, position_id, reporting_period
                    order by business_date
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as told_step_number
        from stepped
    )

select
    known.tenant_id,
    known.server_id,
    known.login,
    known.account_key,
    accounts.client_key,
    known.business_date,
    known.subject,
    known.position_id,
    known.symbol,
    known.initial_value_amount,
    cast(
        known.initial_value_amount + known.result_amount as decimal(38, 8)
    ) as value_amount,
    known.fall_pct,
    known.step_number,
    known.told_step_number,
    cast(known.step_number * known.step_pct as decimal(9, 4)) as threshold_pct
from known
inner join accounts on accounts.account_key = known.account_key
inner join
    rules as audiences
    on audiences.rule = 'depreciation_classification'
    and {{ effective("audiences", "known.business_date") }}
left join
    classes
    on classes.client_key = accounts.client_key
    and {{ effective("classes", "known.business_date") }}
where
    known.step_number > known.told_step_number
    -- a client whom nobody classified is protected as a retail client is
    and coalesce(classes.classification, 'retail') = audiences.value
