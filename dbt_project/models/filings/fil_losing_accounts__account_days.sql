{{ config(materialized="view") }}

with
    account_days as (
        select
            tenant_id,
            server_id,
            legal_entity,
            account_key,
            client_key,
            business_date,
            closed_pnl_amount,
            swap_amount,
            commission_amount,
            commission_round_amount,
            fees_amount,
            charges_amount,
            dividends_amount,
            taxes_amount,
            floating_pnl_amount,
            floating_swap_amount
        from {{ ref("fct_account_days") }}
    ),

    accounts as (
        select account_key, main_currency, money_divisor, is_excluded, exclusion_reason
        from {{ ref("can_accounts") }}
    ),

    classifications as (
        select client_key, classification, valid_from, valid_to
        from {{ ref("can_client_classifications") }}
    ),

    open_at_close as (
        select distinct account_key, business_date from {{ ref("fct_open_positions") }}
    ),

    traded as (
        select account_key, business_date
        from {{ ref("fct_daily_pnl") }}
        where symbol <> ''
        group by account_key, business_date
        having sum(deal_count) > 0
    ),

    rules as (
        select
            valid_from,
            valid_to,
            max(
                case when parameter = 'counted_classification' then value end
            ) as counted,
            {% for component in [
                "closed_pnl",
                "swap",
                "commission",
                "fees",
                "charges",
                "dividends",
                "taxes",
            ] %}
                max(
                    case
                        when parameter = 'counts_{{ component }}'
                        then cast(value as decimal(1, 0))
                    end
                ) as counts_{{ component }}{{ "," if not loop.last }}
            {% endfor %}
        from {{ ref("rul_losing_accounts") }}
        group by valid_from, valid_to
    ),

    counted as (
        select
            account_days.tenant_id,
            account_days.server_id,
            account_days.legal_entity,
            account_days.account_key,
            account_days.client_key,
            account_days.business_date,
            account_days.closed_pnl_amount * rules.counts_closed_pnl
            + account_days.dividends_amount * rules.counts_dividends as result_amount,
            account_days.swap_amount * rules.counts_swap
            + (account_days.commission_amount + account_days.commission_round_amount)
            * rules.counts_commission
            + account_days.fees_amount * rules.counts_fees
            + account_days.charges_amount * rules.counts_charges
            + account_days.taxes_amount * rules.counts_taxes as costs_amount,
            account_days.floating_pnl_amount
            + account_days.floating_swap_amount * rules.counts_swap as unrealised_amount
        from account_days
        left join rules on {{ effective("rules", "account_days.business_date") }}
    ),

    converted as (
        select
            counted.tenant_id,
            counted.server_id,
            counted.legal_entity,
            counted.account_key,
            counted.client_key,
            counted.business_date,
            {{ to_reporting("counted.result_amount", "fx", "accounts.money_divisor") }}
            as result_reporting,
            {{ to_reporting("counted.costs_amount", "fx", "accounts.money_divisor") }}
            as costs_reporting,
            {{
                to_reporting(
                    "counted.unrealised_amount", "fx", "accounts.money_divisor"
                )
            }} as unrealised_reporting,
            coalesce(accounts.is_excluded, false) as is_account_excluded,
            accounts.exclusion_reason as account_exclusion_reason
        from counted
        left join accounts on accounts.account_key = counted.account_key
        left join
            {{ ref("can_fx_to_reporting") }} as fx
            on fx.business_date = counted.business_date
            and fx.currency = accounts.main_currency
    )

select
    converted.tenant_id,
    converted.server_id,
    converted.legal_entity,
    converted.account_key,
    converted.client_key,
    converted.business_date,
    classifications.classification,
    converted.result_reporting,
    converted.costs_reporting,
    converted.result_reporting + converted.costs_reporting as realised_reporting,
    converted.unrealised_reporting,
    '{{ var("reporting_currency") }}' as reporting_currency,
    open_at_close.account_key is not null
    or traded.account_key is not null as has_open_cfd,
    converted.is_account_excluded or converted.client_key is null as is_excluded,
    case
        when converted.is_account_excluded
        then coalesce(converted.account_exclusion_reason, 'excluded account group')
        when converted.client_key is null
        then 'no client of the CRM owns this account'
    end as exclusion_reason
from converted
left join
    classifications
    on classifications.client_key = converted.client_key
    and {{ effective("classifications", "converted.business_date") }}
left join
    open_at_close
    on open_at_close.account_key = converted.account_key
    and open_at_close.business_date = converted.business_date
left join
    traded
    on traded.account_key = converted.account_key
    and traded.business_date = converted.business_date
