with

    accounts as (
        select
            tenant_id,
            server_id,
            login,
            account_key,
            group_name,
            account_currency,
            currency_digits,
            is_excluded,
            exclusion_reason,
            is_known,
            known_from
        from {{ ref("can_accounts") }}
    ),

    episodes as (
        select
            episodes.tenant_id,
            episodes.server_id,
            episodes.login,
            episodes.kind,
            episodes.business_date,
            episodes.last_date,
            episodes.amount,
            episodes.is_open,
            episodes.closing_balance_amount,
            accounts.group_name,
            accounts.account_currency,
            accounts.exclusion_reason,
            {{ minor_unit("accounts.currency_digits") }} as minor_unit_amount,
            case
                when accounts.is_excluded
                then 'excluded_group'
                when not accounts.is_known
                then 'unclassified_account'
            end as account_type
        from {{ ref("int_breaks__episodes_found") }} as episodes
        left join
            accounts
            on accounts.tenant_id = episodes.tenant_id
            and accounts.server_id = episodes.server_id
            and accounts.login = episodes.login
    ),

    tolerances as (
        select value, valid_from, valid_to
        from {{ ref("rul_breaks") }}
        where rule = 'rounding'
    ),

    -- the platform restated itself when it opens the next day with our closing balance
    next_openings as (
        select
            reports.tenant_id,
            reports.server_id,
            reports.login,
            closes.previous_close_date as business_date,
            reports.previous_balance_amount
        from
            (
                select
                    tenant_id, server_id, login, business_date, previous_balance_amount
                from {{ ref("stg_mt5__daily_reports") }}
                union all
                select
                    tenant_id, server_id, login, business_date, previous_balance_amount
                from {{ ref("stg_mt4__daily_reports") }}
            ) as reports
        inner join
            {{ ref("int_server_closes") }} as closes
            on closes.tenant_id = reports.tenant_id
            and closes.server_id = reports.server_id
            and closes.business_date = reports.business_date
        inner join
            (select distinct tenant_id, server_id, login from episodes) as differing
            on differing.tenant_id = reports.tenant_id
            and differing.server_id = reports.server_id
            and differing.login = reports.login
    ),

    -- one correction, or all of an account's corrections of the days, come to the
    -- difference
    corrections as (
        select
            episodes.tenant_id,
            episodes.server_id,
            episodes.login,
            episodes.business_date,
            episodes.amount,
            corrected.correction,
            corrected.deal_id,
            corrected.effect_amount,
            sum(corrected.effect_amount) over (
                partition by
                    episodes.tenant_id,
                    episodes.server_id,
                    episodes.login,
                    episodes.business_date
            ) as all_effects_amount,
            sum(corrected.effect_amount) over (
                partition by
                    episodes.tenant_id,
                    episodes.server_id,
                    episodes.login,
                    episodes.business_date,
                    corrected.correction
            ) as same_effects_amount
        from episodes
        inner join
            {{ ref("int_deals__corrected") }} as corrected
            on corrected.tenant_id = episodes.tenant_id
            and corrected.server_id = episodes.server_id
            and corrected.login = episodes.login
            and corrected.business_date = episodes.business_date
        where episodes.kind = 'balance' and episodes.account_type is null
    ),

    evidence as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            -- alphabetical order happens to prefer what was deleted, then late, then
            -- edited
            min(correction) as correction,
            min(deal_id) as first_deal_id
        from corrections
        where
            effect_amount is null
            or effect_amount = amount
            or same_effects_amount = amount
            or all_effects_amount = amount
        group by tenant_id, server_id, login, business_date
    ),

    typed as (
        select
            episodes.tenant_id,
            episodes.server_id,
            episodes.login,
            episodes.kind,
            episodes.business_date,
            episodes.last_date,
            episodes.amount,
            episodes.is_open,
            episodes.account_currency,
            episodes.group_name,
            episodes.exclusion_reason,
            evidence.first_deal_id,
            case
                when
                    abs(episodes.amount)
                    <= tolerances.value * episodes.minor_unit_amount
                then 'rounding'
                when
                    evidence.correction is not null
                    and next_openings.previous_balance_amount
                    = episodes.closing_balance_amount
                then evidence.correction
                else 'unknown'
            end as break_type
        from episodes
        left join tolerances on {{ effective("tolerances", "episodes.business_date") }}
        left join
            evidence
            on evidence.tenant_id = episodes.tenant_id
            and evidence.server_id = episodes.server_id
            -- in a key: a condition on one side alone would make it a loop of all with
            -- all
            and evidence.login
            = case when episodes.kind = 'balance' then episodes.login end
            and evidence.business_date = episodes.business_date
        left join
            next_openings
            on next_openings.tenant_id = episodes.tenant_id
            and next_openings.server_id = episodes.server_id
            and next_openings.login = episodes.login
            and next_openings.business_date = episodes.last_date
        where episodes.account_type is null
        union all
        -- an account outside the books differs as long as it is there: one break,
        -- first to last day
        select
            tenant_id,
            server_id,
            login,
            kind,
            min(business_date),
            max(last_date),
            max_by(amount, business_date),
            max_by(is_open, business_date),
            max(account_currency),
            max(group_name),
            max(exclusion_reason),
            null,
            max(account_type)
        from episodes
        where account_type is not null
        group by tenant_id, server_id, login, kind
        union all
        select
            days.tenant_id,
            days.server_id,
            days.login,
            'balance',
            min(days.business_date),
            coalesce(max(last_closes.last_close_date), max(days.business_date)),
            max_by(days.closing_balance_amount, days.business_date),
            true,
            max(days.account_currency),
            null,
            null,
            null,
            'orphan_login'
        from {{ ref("fct_account_days") }} as days
        inner join
            accounts
            on accounts.tenant_id = days.tenant_id
            and accounts.server_id = days.server_id
            and accounts.login = days.login
            and accounts.known_from = 'deals'
        left join
            (
                select tenant_id, server_id, max(business_date) as last_close_date
                from {{ ref("int_server_closes") }}
                group by tenant_id, server_id
            ) as last_closes
            on last_closes.tenant_id = days.tenant_id
            and last_closes.server_id = days.server_id
        group by days.tenant_id, days.server_id, days.login
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
    {{ account_key("typed") }}
    || '/'
    || typed.kind
    || '/'
    || cast(typed.business_date as varchar) as break_key,
    typed.tenant_id,
    typed.server_id,
    typed.login,
    {{ account_key("typed") }} as account_key,
    typed.business_date,
    typed.last_date,
    typed.kind,
    typed.break_type,
    cast(typed.amount as decimal(38, 8)) as amount,
    coalesce(typed.account_currency, 'XXX') as account_currency,
    case
        typed.break_type
        when 'excluded_group'
        then
            'Group '
            || coalesce(typed.group_name, '?')
            || ' is excluded by the mapping: '
            || coalesce(typed.exclusion_reason, 'no reason given')
            || '.'
        when 'orphan_login'
        then 'Deals of a login that no users, accounts or daily table knows.'
        when 'unclassified_account'
        then
            'The platform exports no users row of this account, so its group is not known.'
        when 'rounding'
        then 'Not above the rounding tolerance.'
        when 'late_deal'
        then
            'Deal '
            || cast(typed.first_deal_id as varchar)
            || ' reached the platform after the day had closed; the platform opens the next day'
            || ' with it.'
        when 'deleted_deal'
        then
            'Deal '
            || cast(typed.first_deal_id as varchar)
            || ' was deleted on the platform after the day had closed; the platform opens the'
            || ' next day without it.'
        when 'source_restatement'
        then
            'Deal '
            || cast(typed.first_deal_id as varchar)
            || ' was changed on the platform after the day had closed; the platform opens the'
            || ' next day with the change.'
        else 'No rule explains it: a person has to.'
    end as reason,
    {{ break_status("answers", "typed.amount", "typed.is_open") }} as status,
    {{ days_between("typed.business_date", "typed.last_date") }} as age_days,
    answers.assigned_to,
    answers.explained_by,
    answers.explained_reason,
    case
        when answers.resolved_amount = typed.amount then answers.resolved_by
    end as resolved_by,
    case
        when answers.resolved_amount = typed.amount then answers.resolved_reason
    end as resolved_reason
from typed
left join
    answers
    on answers.break_key
    = {{ account_key("typed") }}
    || '/'
    || typed.kind
    || '/'
    || cast(typed.business_date as varchar)
