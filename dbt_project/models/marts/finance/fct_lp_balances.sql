{{ config(materialized="view") }}

with

    balances as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            balance_date,
            currency,
            opening_balance_amount,
            closing_balance_amount,
            lag(closing_balance_amount) over (
                partition by tenant_id, lp_id, lp_account_id, currency
                order by balance_date
            ) as previous_balance_amount
        from {{ ref("stg_lp__balances") }}
    ),

    -- what is booked on a day, among the balances
    dated as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            currency,
            booked_date as dated_on,
            cast(null as date) as balance_date,
            sum(case when line_type = 'trade_pnl' then amount else 0 end) as trade_pnl,
            sum(
                case when line_type = 'commission' then amount else 0 end
            ) as commission,
            sum(case when line_type = 'swap' then amount else 0 end) as swap,
            sum(
                case when line_type in ('deposit', 'withdrawal') then amount else 0 end
            ) as transfers,
            sum(amount) as moved
        from {{ ref("stg_lp__statement_lines") }}
        group by tenant_id, lp_id, lp_account_id, currency, booked_date
        union all
        select
            tenant_id,
            lp_id,
            lp_account_id,
            currency,
            balance_date as dated_on,
            balance_date,
            null,
            null,
            null,
            null,
            null
        from balances
    ),

    -- a provider that books nothing at a weekend states no balance there: a line
    -- belongs to the first balance on its day or after it
    placed as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            currency,
            min(balance_date) over (
                partition by tenant_id, lp_id, lp_account_id, currency
                order by dated_on
                range between current row and unbounded following
            ) as balance_date,
            trade_pnl,
            commission,
            swap,
            transfers,
            moved
        from dated
    ),

    sums as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            currency,
            balance_date,
            sum(trade_pnl) as trade_pnl,
            sum(commission) as commission,
            sum(swap) as swap,
            sum(transfers) as transfers,
            sum(moved) as moved
        from placed
        where balance_date is not null
        group by tenant_id, lp_id, lp_account_id, currency, balance_date
    ),

    charged as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            commission_currency as currency,
            executed_date,
            sum(commission_amount) as commission
        from {{ ref("can_lp_fills") }}
        group by tenant_id, lp_id, lp_account_id, commission_currency, executed_date
    ),

    rolled as (
        select
            balances.tenant_id,
            balances.lp_id,
            balances.lp_account_id,
            balances.balance_date,
            balances.currency,
            coalesce(
                balances.opening_balance_amount, balances.previous_balance_amount
            ) as opening_balance_amount,
            balances.previous_balance_amount,
            coalesce(sums.trade_pnl, 0) as trade_pnl_amount,
            coalesce(sums.commission, 0) as commission_amount,
            coalesce(sums.swap, 0) as swap_amount,
            coalesce(sums.transfers, 0) as transfers_amount,
            coalesce(sums.moved, 0)
            - coalesce(sums.trade_pnl, 0)
            - coalesce(sums.commission, 0)
            - coalesce(sums.swap, 0)
            - coalesce(sums.transfers, 0) as other_amount,
            coalesce(sums.moved, 0) as moved_amount,
            balances.closing_balance_amount,
            coalesce(charged.commission, 0) as fill_commission_amount
        from balances
        left join
            sums
            on sums.tenant_id = balances.tenant_id
            and sums.lp_id = balances.lp_id
            and sums.lp_account_id = balances.lp_account_id
            and sums.currency = balances.currency
            and sums.balance_date = balances.balance_date
        left join
            charged
            on charged.tenant_id = balances.tenant_id
            and charged.lp_id = balances.lp_id
            and charged.lp_account_id = balances.lp_account_id
            and charged.currency = balances.currency
            and charged.executed_date = balances.balance_date
    ),

    compared as (
        select
            tenant_id,
            lp_id,
            lp_account_id,
            balance_date,
            currency,
            opening_balance_amount,
            trade_pnl_amount,
            commission_amount,
            swap_amount,
            other_amount,
            transfers_amount,
            opening_balance_amount + moved_amount as expected_balance_amount,
            closing_balance_amount,
            closing_balance_amount
            - (opening_balance_amount + moved_amount) as balance_difference_amount,
            opening_balance_amount
            - previous_balance_amount as opening_difference_amount,
            fill_commission_amount,
            commission_amount - fill_commission_amount as commission_difference_amount
        from rolled
    )

select
    tenant_id,
    lp_id,
    lp_account_id,
    balance_date,
    currency,
    cast(opening_balance_amount as decimal(38, 8)) as opening_balance_amount,
    cast(trade_pnl_amount as decimal(38, 8)) as trade_pnl_amount,
    cast(commission_amount as decimal(38, 8)) as commission_amount,
    cast(swap_amount as decimal(38, 8)) as swap_amount,
    cast(other_amount as decimal(38, 8)) as other_amount,
    cast(transfers_amount as decimal(38, 8)) as transfers_amount,
    cast(expected_balance_amount as decimal(38, 8)) as expected_balance_amount,
    cast(closing_balance_amount as decimal(38, 8)) as closing_balance_amount,
    cast(balance_difference_amount as decimal(38, 8)) as balance_difference_amount,
    cast(opening_difference_amount as decimal(38, 8)) as opening_difference_amount,
    cast(fill_commission_amount as decimal(38, 8)) as fill_commission_amount,
    cast(
        commission_difference_amount as decimal(38, 8)
    ) as commission_difference_amount,
    case
        when opening_balance_amount is null
        then 'no_opening'
        when opening_difference_amount <> 0
        then 'opening_gap'
        when balance_difference_amount <> 0
        then 'missing_line'
        when commission_difference_amount <> 0
        then 'commission'
    end as break_type
from compared
