with

    -- what each provider took, signed as it moves the broker's balance there
    stripe_told as (
        select
            tenant_id,
            psp_account_id,
            source_id,
            cast(null as varchar) as charge_id,
            reporting_category,
            gross_amount,
            fee_amount,
            currency,
            created_at_utc
        from {{ ref("stg_stripe__balance_transactions") }}
        union all
        -- a broker that loads reports only
        select
            reports.tenant_id,
            reports.psp_account_id,
            reports.source_id,
            reports.charge_id,
            reports.reporting_category,
            reports.gross_amount,
            reports.fee_amount,
            reports.currency,
            reports.created_at_utc
        from {{ ref("stg_stripe__report_lines") }} as reports
        left join
            {{ ref("stg_stripe__balance_transactions") }} as api
            on api.tenant_id = reports.tenant_id
            and api.psp_account_id = reports.psp_account_id
            and api.balance_transaction_id = reports.balance_transaction_id
        where api.balance_transaction_id is null
    ),

    -- a dispute is about a charge, and that is what the CRM knows
    stripe_lines as (
        select
            told.tenant_id,
            told.psp_account_id,
            told.source_id,
            coalesce(disputes.charge_id, told.charge_id) as charge_id,
            coalesce(
                disputes.charge_id, told.charge_id, told.source_id
            ) as payment_reference,
            disputes.payment_intent_id,
            told.reporting_category,
            told.gross_amount,
            told.fee_amount,
            told.currency,
            told.created_at_utc
        from stripe_told as told
        left join
            {{ ref("stg_stripe__disputes") }} as disputes
            on disputes.tenant_id = told.tenant_id
            and disputes.psp_account_id = told.psp_account_id
            and disputes.dispute_id = told.source_id
    ),

    fees as (
        select
            tenant_id,
            psp_account_id,
            - fee_amount + case
                when reporting_category = 'fee' then gross_amount else 0
            end as amount,
            currency,
            created_at_utc as happened_at_utc,
            'psp' as reference_kind,
            payment_reference as reference
        from stripe_lines
        union all
        select
            tenant_id,
            psp_account_id,
            - fee_amount,
            currency,
            created_at_utc,
            'request',
            merchant_reference_id
        from {{ ref("stg_adyen__settlement_lines") }}
        union all
        select
            tenant_id,
            psp_account_id,
            - fee_amount,
            currency,
            occurred_at_utc,
            'request',
            merchant_reference_id
        from {{ ref("stg_paypal__transactions") }}
        where coalesce(status, '') not in ('pending', 'denied', 'failed')
        union all
        select
            fees.tenant_id,
            fees.psp_account_id,
            - fees.fee_amount,
            fees.fee_currency,
            operations.status_received_at_utc,
            'psp',
            cast(fees.operation_id as varchar)
        from {{ ref("stg_coinspaid__fees") }} as fees
        inner join
            {{ ref("stg_coinspaid__transactions") }} as operations
            on operations.tenant_id = fees.tenant_id
            and operations.psp_account_id = fees.psp_account_id
            and operations.operation_id = fees.operation_id
            and operations.type = fees.operation_type
        where fees.operation_status = 'confirmed'
        union all
        select
            tenant_id,
            psp_account_id,
            - fee_amount,
            currency,
            booked_at_utc,
            'request',
            payment_reference
        from {{ ref("stg_wise__statement_lines") }}
        union all
        select
            tenant_id,
            psp_source_id,
            - coalesce(fee_amount, 0)
            + case when event_type = 'fee' then gross_amount else 0 end,
            coalesce(fee_currency, gross_currency),
            event_at_utc,
            'request',
            merchant_reference
        from {{ ref("stg_psp__transactions") }}
        where
            status not in (
                'attempted',
                'pending',
                'approved',
                'declined',
                'cancelled',
                'expired',
                'failed'
            )
    ),

    -- what a payment's chargebacks and reversals are told together by, and the payment
    chargebacks as (
        select
            tenant_id,
            psp_account_id,
            gross_amount as amount,
            currency,
            created_at_utc as happened_at_utc,
            'psp' as reference_kind,
            payment_reference as reference,
            source_id as case_id,
            charge_id as payment_id,
            payment_intent_id
        from stripe_lines
        where reporting_category in ('dispute', 'dispute_reversal')
        union all
        select
            tenant_id,
            psp_account_id,
            settled_gross_amount,
            currency,
            created_at_utc,
            'request',
            merchant_reference_id,
            psp_reference_id as case_id,
            psp_reference_id as payment_id,
            null
        from {{ ref("stg_adyen__settlement_lines") }}
        where type in ('Chargeback', 'SecondChargeback', 'ChargebackReversed')
        union all
        select
            tenant_id,
            psp_account_id,
            gross_amount,
            currency,
            occurred_at_utc,
            'request',
            merchant_reference_id,
            coalesce(reference_transaction_id, transaction_id),
            reference_transaction_id,
            null
        from {{ ref("stg_paypal__transactions") }}
        where {{ matches_pattern("lower(type)", "'%chargeback%'") }}
        union all
        select
            tenant_id,
            psp_source_id,
            gross_amount,
            gross_currency,
            event_at_utc,
            'request',
            merchant_reference,
            coalesce(parent_id, merchant_reference, event_id),
            parent_id,
            null
        from {{ ref("stg_psp__transactions") }}
        where event_type in ('chargeback', 'chargeback_reversal')
    ),

    stated as (
        select
            tenant_id,
            psp_account_id,
            'psp_fees' as line,
            amount,
            currency,
            happened_at_utc,
            reference_kind,
            reference,
            cast(null as varchar) as case_id,
            cast(null as varchar) as payment_id,
            cast(null as varchar) as payment_intent_id
        from fees
        union all
        select
            tenant_id,
            psp_account_id,
            'chargebacks',
            amount,
            currency,
            happened_at_utc,
            reference_kind,
            reference,
            case_id,
            payment_id,
            payment_intent_id
        from chargebacks
    ),

    moved as (
        select
            tenant_id,
            psp_account_id,
            line,
            cast(amount as decimal(24, 8)) as amount,
            currency,
            happened_at_utc,
            date_trunc('hour', happened_at_utc) as utc_hour,
            reference_kind,
            reference,
            case_id,
            payment_id,
            payment_intent_id
        from stated
        where amount <> 0
    ),

    hours as (select distinct tenant_id, utc_hour from moved),

    clock as (
        select tenant_id, utc_hour, server_id, ahead_minutes
        from {{ business_hours("hours") }} as dated
    ),

    requests as (
        select
            tenant_id,
            'request' as reference_kind,
            cast(request_id as varchar) as reference,
            min(server_id || '/' || cast(login as varchar)) as account
        from {{ ref("stg_crm__cash_requests") }}
        group by tenant_id, cast(request_id as varchar)
        union all
        select
            tenant_id,
            'psp',
            psp_reference,
            min(server_id || '/' || cast(login as varchar))
        from {{ ref("stg_crm__cash_requests") }}
        where psp_reference <> ''
        group by tenant_id, psp_reference
    )

select
    moved.tenant_id,
    single_entities.legal_entity,
    coalesce(clock.server_id, '') as server_id,
    coalesce(
        cast(
            {{ minutes_after("moved.happened_at_utc", "clock.ahead_minutes") }} as date
        ),
        cast(moved.happened_at_utc as date)
    ) as business_date,
    moved.psp_account_id,
    moved.line,
    moved.tenant_id || '/' || requests.account as account_key,
    moved.amount,
    moved.currency,
    moved.happened_at_utc,
    moved.case_id,
    case when moved.reference_kind = 'request' then moved.reference end as request_id,
    moved.payment_id,
    moved.payment_intent_id
from moved
left join clock on clock.tenant_id = moved.tenant_id and clock.utc_hour = moved.utc_hour
left join
    requests
    on requests.tenant_id = moved.tenant_id
    and requests.reference_kind = moved.reference_kind
    and requests.reference = moved.reference
left join
    {{ single_entities() }} as single_entities
    on single_entities.tenant_id = moved.tenant_id
