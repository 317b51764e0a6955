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
            opening_difference_amount,
            balance_difference_amount,
            commission_difference_amount,
            trade_pnl_amount
            + commission_amount
            + swap_amount
            + other_amount
            + transfers_amount
            - closing_balance_amount as without_opening_amount,
            max(balance_date) over (partition by tenant_id, lp_id) as last_date
        from {{ ref("fct_lp_balances") }}
    ),

    hedges as (
        select
            tenant_id,
            server_id,
            lp_id,
            book,
            instrument,
            business_date,
            sum(unmatched_fill_count) as unmatched_fill_count,
            sum(fill_units - matched_units) as unmatched_units,
            sum(unhedged_units) as unhedged_units,
            max(max(business_date)) over (partition by tenant_id) as last_date
        from {{ ref("fct_lp_reconciliation") }}
        group by tenant_id, server_id, lp_id, book, instrument, business_date
    ),

    -- books less provider
    balance_differences as (
        {%- for kind, break_type, amount, condition in [
            (
                "lp_opening",
                "no_opening",
                "without_opening_amount",
                "opening_balance_amount is null",
            ),
            (
                "lp_opening",
                "opening_gap",
                "- opening_difference_amount",
                "opening_difference_amount <> 0",
            ),
            (
                "lp_balance",
                "missing_line",
                "- balance_difference_amount",
                "balance_difference_amount <> 0",
            ),
            (
                "lp_commission",
                "commission",
                "- commission_difference_amount",
                "commission_difference_amount <> 0",
            ),
        ] %}
            select
                tenant_id,
                '' as server_id,
                lp_id as counterparty_id,
                lp_account_id as external_account_id,
                '' as book,
                '' as instrument,
                balance_date as business_date,
                last_date,
                '{{ kind }}' as kind,
                '{{ break_type }}' as break_type,
                {{ amount }} as amount,
                currency as unit,
                lp_account_id || '/' || currency as place
            from balances
            where {{ condition }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    volume_differences as (
        select
            tenant_id,
            server_id,
            lp_id as counterparty_id,
            '' as external_account_id,
            book,
            instrument,
            business_date,
            last_date,
            'lp_fills' as kind,
            case
                when unmatched_fill_count > 0 then 'unmatched_fill' else 'excess_volume'
            end as break_type,
            - unmatched_units as amount,
            'units' as unit,
            server_id || '/' || book || '/' || instrument as place
        from hedges
        where unmatched_units <> 0
        union all
        -- the C book keeps a share on purpose
        select
            tenant_id,
            server_id,
            lp_id,
            '',
            book,
            instrument,
            business_date,
            last_date,
            'lp_deals',
            'unhedged_deal',
            unhedged_units,
            'units',
            server_id || '/' || book || '/' || instrument
        from hedges
        where unhedged_units <> 0 and book = 'A'
    ),

    differences as (
        {%- for part in ["balance_differences", "volume_differences"] %}
            select
                tenant_id,
                server_id,
                counterparty_id,
                external_account_id,
                book,
                instrument,
                business_date,
                last_date,
                kind,
                break_type,
                amount,
                unit,
                tenant_id
                || '/'
                || case
                    when counterparty_id = '' then '' else counterparty_id || '/'
                end
                || place
                || '/'
                || kind
                || '/'
                || cast(business_date as varchar) as break_key
            from {{ part }} {{ "union all" if not loop.last }}
        {%- endfor %}
    ),

    answers as (
        select
            break_key,
            assigned_to,
            explained_by,
            explained_reason,
            resolved_by,
            resolved_reason,
            resolved_amount
        from {{ ref("int_breaks__people_answered") }}
    )

select
    differences.break_key,
    differences.tenant_id,
    differences.server_id,
    differences.counterparty_id,
    differences.external_account_id,
    differences.book,
    differences.instrument,
    differences.business_date,
    differences.kind,
    differences.break_type,
    cast(differences.amount as decimal(38, 8)) as amount,
    differences.unit,
    case
        differences.break_type
        when 'no_opening'
        then
            'No opening balance is stated: the lines alone do not come to the closing balance.'
        when 'opening_gap'
        then 'The day opens with another balance than the day before closed with.'
        when 'missing_line'
        then 'Opening balance and lines do not come to the closing balance.'
        when 'commission'
        then 'The commission of the statement is not that of the fills of the day.'
        when 'unmatched_fill'
        then 'Fills that hedge no deal.'
        when 'excess_volume'
        then 'Fills of more than the deals they hedge.'
        else 'Volume of A-book deals that no fill hedges.'
    end as reason,
    {{ break_status("answers", "differences.amount", "true") }} as status,
    {{ days_between("differences.business_date", "differences.last_date") }}
    as age_days,
    answers.assigned_to,
    answers.explained_by,
    answers.explained_reason,
    case
        when answers.resolved_amount = differences.amount then answers.resolved_by
    end as resolved_by,
    case
        when answers.resolved_amount = differences.amount then answers.resolved_reason
    end as resolved_reason
from differences
left join answers on answers.break_key = differences.break_key
