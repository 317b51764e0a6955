{%- set has_held = was_built(this, "remapped_from") -%}
{%- set is_remapped -%}
    held.login is not null
    and (
        held.is_excluded <> accounts.is_excluded
        or held.money_divisor <> accounts.money_divisor
        or held.accrues_swap <> accounts.accrues_swap
        or held.main_currency <> accounts.main_currency
        or held.client_key is distinct from accounts.client_key
        or (held.known_from = 'deals') <> (accounts.known_from = 'deals')
    )
{%- endset -%}

with

    users as (
        select
            tenant_id,
            server_id,
            'mt5' as platform,
            login,
            group_name,
            country,
            registered_date,
            leverage,
            cast(null as varchar) as account_currency,
            cast(null as integer) as currency_digits,
            cast(null as varchar) as margin_mode,
            false as is_swap_free
        from {{ ref("stg_mt5__users") }}
        union all
        select
            tenant_id,
            server_id,
            'mt4' as platform,
            login,
            group_name,
            country,
            registered_date,
            leverage,
            account_currency,
            currency_digits,
            'hedging' as margin_mode,
            false as is_swap_free
        from {{ ref("stg_mt4__users") }}
        union all
        -- the Open API does not tell the group: mappings see the broker's name instead
        select
            tenant_id,
            server_id,
            'ctrader' as platform,
            coalesce(login, account_id) as login,
            coalesce(broker_name, '') as group_name,
            cast(null as varchar) as country,
            cast(registered_at_utc as date) as registered_date,
            cast(leverage_ratio as integer) as leverage,
            currency as account_currency,
            cast(currency_digits as integer) as currency_digits,
            case
                position_mode when 'netted' then 'netting' else 'hedging'
            end as margin_mode,
            coalesce(is_swap_free, false) as is_swap_free
        from {{ ref("stg_ctrader__traders") }}
    ),

    ctrader_numbers as (
        select tenant_id, server_id, account_id
        from {{ ref("stg_ctrader__traders") }}
        where login is not null and login <> account_id
    ),

    platforms as (
        select tenant_id, server_id, max(platform) as platform
        from users
        group by tenant_id, server_id
    ),

    platform_accounts as (
        select tenant_id, server_id, login, currency_digits
        from {{ ref("stg_mt5__accounts") }}
    ),

    groups as (
        select
            tenant_id,
            server_id,
            group_name,
            account_currency,
            currency_digits,
            margin_mode
        from {{ ref("stg_mt5__groups") }}
    ),

    mappings as (
        select
            tenant_id,
            server_id,
            group_pattern,
            book,
            legal_entity,
            desk,
            is_excluded,
            exclusion_reason,
            is_cent,
            is_swap_posted,
            valid_from
        from {{ ref("stg_broker__groups") }}
    ),

    currencies as (
        select currency, main_currency, money_divisor from {{ ref("ref_currencies") }}
    ),

    last_reports as (
        select
            tenant_id,
            server_id,
            login,
            max_by(group_name, business_date) as group_name,
            max_by(account_currency, business_date) as account_currency,
            max_by(currency_digits, business_date) as currency_digits
        from {{ ref("stg_mt5__daily_reports") }}
        group by tenant_id, server_id, login
    ),

    -- every login that anything dated was ever loaded for: deals of unknown logins
    -- are here only. A cTrader account that came after its deals stood under its number
    touched as (
        select distinct held.tenant_id, held.server_id, held.login
        from {{ source("meta", "touched_accounts") }} as held
        left join
            ctrader_numbers
            on ctrader_numbers.tenant_id = held.tenant_id
            and ctrader_numbers.server_id = held.server_id
            and ctrader_numbers.account_id = held.login
        where
            held.load_id <= {{ load_watermark() }}
            and held.login is not null
            and ctrader_numbers.account_id is null
    ),

    logins as (
        select tenant_id, server_id, login
        from users
        union
        select tenant_id, server_id, login
        from platform_accounts
        union
        select tenant_id, server_id, login
        from last_reports
        union
        select tenant_id, server_id, login
        from touched
    ),

    described as (
        select
            logins.tenant_id,
            logins.server_id,
            logins.login,
            coalesce(users.platform, platforms.platform, 'unknown') as platform,
            users.login is not null as is_known,
            case
                when users.login is not null
                then 'users'
                when platform_accounts.login is not null
                then 'accounts'
                when last_reports.login is not null
                then 'daily'
                else 'deals'
            end as known_from,
            coalesce(users.group_name, last_reports.group_name) as group_name,
            coalesce(
                groups.account_currency,
                users.account_currency,
                last_reports.account_currency,
                'XXX'
            ) as account_currency,
            coalesce(
                groups.currency_digits,
                users.currency_digits,
                last_reports.currency_digits,
                platform_accounts.currency_digits,
                2
            ) as currency_digits,
            coalesce(groups.margin_mode, users.margin_mode) as margin_mode,
            users.leverage,
            users.country,
            users.registered_date,
            coalesce(users.is_swap_free, false) as is_swap_free
        from logins
        left join
            users
            on users.tenant_id = logins.tenant_id
            and users.server_id = logins.server_id
            and users.login = logins.login
        left join
            platforms
            on platforms.tenant_id = logins.tenant_id
            and platforms.server_id = logins.server_id
        left join
            platform_accounts
            on platform_accounts.tenant_id = logins.tenant_id
            and platform_accounts.server_id = logins.server_id
            and platform_accounts.login = logins.login
        left join
            last_reports
            on last_reports.tenant_id = logins.tenant_id
            and last_reports.server_id = logins.server_id
            and last_reports.login = logins.login
        left join
            groups
            on groups.tenant_id = logins.tenant_id
            and groups.server_id = logins.server_id
            and groups.group_name = coalesce(users.group_name, last_reports.group_name)
    ),

    -- the longest pattern that matches a group is the most specific; the newest wins
    -- a tie
    ranked_mappings as (
        select
            named.tenant_id,
            named.server_id,
            named.group_name,
            mappings.book,
            mappings.legal_entity,
            mappings.desk,
            mappings.is_excluded,
            mappings.exclusion_reason,
            mappings.is_cent,
            mappings.is_swap_posted,
            row_number() over (
                partition by named.tenant_id, named.server_id, named.group_name
                order by
                    length(mappings.group_pattern) desc,
                    mappings.valid_from desc nulls last,
                    mappings.group_pattern asc
            ) as place
        from
            (
                select distinct tenant_id, server_id, group_name
                from described
                where group_name is not null
            ) as named
        inner join
            mappings
            on mappings.tenant_id = named.tenant_id
            and mappings.server_id = named.server_id
            and {{ matches_pattern("named.group_name", "mappings.group_pattern") }}
    ),

    client_links as (
        select
            tenant_id,
            server_id,
            login,
            max_by(client_id, coalesce(valid_from, date '1900-01-01')) as client_id
        from {{ ref("stg_crm__client_accounts") }}
        group by tenant_id, server_id, login
    ),

    accounts as (
        select
            described.tenant_id,
            described.server_id,
            described.platform,
            described.login,
            {{ account_key("described") }} as account_key,
            described.tenant_id || '/' || client_links.client_id as client_key,
            described.group_name,
            described.account_currency,
            coalesce(
                currencies.main_currency, described.account_currency
            ) as main_currency,
            cast(described.currency_digits as integer) as currency_digits,
            cast(
                case
                    when coalesce(ranked_mappings.is_cent, false)
                    then 100
                    else coalesce(currencies.money_divisor, 1)
                end as integer
            ) as money_divisor,
            coalesce(ranked_mappings.book, 'unmapped') as book,
            coalesce(ranked_mappings.legal_entity, 'unmapped') as legal_entity,
            coalesce(ranked_mappings.desk, 'unmapped') as desk,
            coalesce(ranked_mappings.is_excluded, false) as is_excluded,
            ranked_mappings.exclusion_reason,
            described.margin_mode,
            not described.is_swap_free
            and not coalesce(ranked_mappings.is_swap_posted, false) as accrues_swap,
            described.leverage,
            described.country,
            described.is_known,
            described.known_from,
            described.registered_date
        from described
        left join
            ranked_mappings
            on ranked_mappings.tenant_id = described.tenant_id
            and ranked_mappings.server_id = described.server_id
            and ranked_mappings.group_name = described.group_name
            and ranked_mappings.place = 1
        left join
            client_links
            on client_links.tenant_id = described.tenant_id
            and client_links.server_id = described.server_id
            and client_links.login = described.login
        left join currencies on currencies.currency = described.account_currency
    )

select
    accounts.tenant_id,
    accounts.server_id,
    accounts.platform,
    accounts.login,
    accounts.account_key,
    accounts.client_key,
    accounts.group_name,
    accounts.account_currency,
    accounts.main_currency,
    accounts.currency_digits,
    accounts.money_divisor,
    accounts.book,
    accounts.legal_entity,
    accounts.desk,
    accounts.is_excluded,
    accounts.exclusion_reason,
    accounts.margin_mode,
    accounts.accrues_swap,
    accounts.leverage,
    accounts.country,
    accounts.is_known,
    accounts.known_from,
    accounts.registered_date,
    -- what figures of an account are counted by, whatever their day; its book has
    -- days of its own
    {% if has_held %}
        case
            when {{ is_remapped }} then date '1900-01-01' else held.remapped_from
        end as remapped_from,
        case
            when {{ is_remapped }}
            then cast({{ var("build_id") }} as bigint)
            else held.remapped_build_id
        end as remapped_build_id
    {% else %}
        cast(null as date) as remapped_from, cast(null as bigint) as remapped_build_id
    {% endif %}
from accounts
{% if has_held %}
    left join
        {{ this }} as held
        on held.tenant_id = accounts.tenant_id
        and held.server_id = accounts.server_id
        and held.login = accounts.login
{% endif %}
