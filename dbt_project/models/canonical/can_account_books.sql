with

    accounts as (
        select tenant_id, server_id, login, account_key, group_name
        from {{ ref("can_accounts") }}
    ),

    mappings as (
        select
            tenant_id,
            server_id,
            group_pattern,
            book,
            legal_entity,
            desk,
            coalesce(valid_from, date '1900-01-01') as valid_from
        from {{ ref("stg_broker__groups") }}
    ),

    reports as (
        select tenant_id, server_id, login, business_date, group_name
        from {{ ref("stg_mt5__daily_reports") }}
        union all
        select tenant_id, server_id, login, business_date, group_name
        from {{ ref("stg_mt4__daily_reports") }}
        where group_name is not null
    ),

    -- few accounts ever change their group
    moved as (
        select tenant_id, server_id, login, max(business_date) as last_date
        from reports
        group by tenant_id, server_id, login
        having min(group_name) <> max(group_name)
    ),

    told as (
        select
            reports.tenant_id,
            reports.server_id,
            reports.login,
            reports.business_date,
            reports.group_name
        from reports
        inner join
            moved
            on moved.tenant_id = reports.tenant_id
            and moved.server_id = reports.server_id
            and moved.login = reports.login
        union all
        -- since the last report
        select
            accounts.tenant_id,
            accounts.server_id,
            accounts.login,
            {{ days_after("moved.last_date", 1) }},
            accounts.group_name
        from accounts
        inner join
            moved
            on moved.tenant_id = accounts.tenant_id
            and moved.server_id = accounts.server_id
            and moved.login = accounts.login
        where accounts.group_name is not null
    ),

    stepped as (
        select
            tenant_id,
            server_id,
            login,
            business_date,
            group_name,
            lag(group_name) over (
                partition by tenant_id, server_id, login order by business_date
            ) as previous_group
        from told
    ),

    group_starts as (
        select
            tenant_id,
            server_id,
            login,
            group_name,
            case
                when previous_group is null then date '1900-01-01' else business_date
            end as valid_from
        from stepped
        where previous_group is null or previous_group <> group_name
        union all
        select
            accounts.tenant_id,
            accounts.server_id,
            accounts.login,
            accounts.group_name,
            date '1900-01-01'
        from accounts
        left join
            moved
            on moved.tenant_id = accounts.tenant_id
            and moved.server_id = accounts.server_id
            and moved.login = accounts.login
        where moved.login is null
    ),

    group_periods as (
        select
            tenant_id,
            server_id,
            login,
            group_name,
            valid_from,
            lead(valid_from) over (
                partition by tenant_id, server_id, login order by valid_from
            ) as valid_to
        from group_starts
    ),

    groups as (
        select distinct tenant_id, server_id, group_name
        from group_starts
        where group_name is not null
    ),

    -- before the first mapping of a group that one holds too
    matched as (
        select
            groups.tenant_id,
            groups.server_id,
            groups.group_name,
            mappings.group_pattern,
            mappings.book,
            mappings.legal_entity,
            mappings.desk,
            case
                when
                    mappings.valid_from = min(mappings.valid_from) over (
                        partition by
                            groups.tenant_id, groups.server_id, groups.group_name
                    )
                then date '1900-01-01'
                else mappings.valid_from
            end as valid_from
        from groups
        inner join
            mappings
            on mappings.tenant_id = groups.tenant_id
            and mappings.server_id = groups.server_id
            and {{ matches_pattern("groups.group_name", "mappings.group_pattern") }}
    ),

    dates as (
        select distinct tenant_id, server_id, group_name, valid_from from matched
    ),

    -- as in can_accounts: the longest pattern is the most specific, the newest wins a
    -- tie
    ranked as (
        select
            dates.tenant_id,
            dates.server_id,
            dates.group_name,
            dates.valid_from,
            matched.book,
            matched.legal_entity,
            matched.desk,
            row_number() over (
                partition by
                    dates.tenant_id, dates.server_id, dates.group_name, dates.valid_from
                order by
                    length(matched.group_pattern) desc,
                    matched.valid_from desc,
                    matched.group_pattern asc
            ) as place
        from dates
        inner join
            matched
            on matched.tenant_id = dates.tenant_id
            and matched.server_id = dates.server_id
            and matched.group_name = dates.group_name
            and matched.valid_from <= dates.valid_from
    ),

    mapped_periods as (
        select
            tenant_id,
            server_id,
            group_name,
            book,
            legal_entity,
            desk,
            valid_from,
            lead(valid_from) over (
                partition by tenant_id, server_id, group_name order by valid_from
            ) as valid_to
        from ranked
        where place = 1
    ),

    periods as (
        select
            group_periods.tenant_id,
            group_periods.server_id,
            group_periods.login,
            accounts.account_key,
            group_periods.group_name,
            coalesce(mapped_periods.book, 'unmapped') as book,
            coalesce(mapped_periods.legal_entity, 'unmapped') as legal_entity,
            coalesce(mapped_periods.desk, 'unmapped') as desk,
            case
                when mapped_periods.valid_from > group_periods.valid_from
                then mapped_periods.valid_from
                else group_periods.valid_from
            end as valid_from,
            case
                when mapped_periods.valid_to is null
                then group_periods.valid_to
                when
                    group_periods.valid_to is null
                    or group_periods.valid_to > mapped_periods.valid_to
                then mapped_periods.valid_to
                else group_periods.valid_to
            end as valid_to
        from group_periods
        left join
            mapped_periods
            on mapped_periods.tenant_id = group_periods.tenant_id
            and mapped_periods.server_id = group_periods.server_id
            and mapped_periods.group_name = group_periods.group_name
            and mapped_periods.valid_from
            < coalesce(group_periods.valid_to, date '9999-12-31')
            and coalesce(mapped_periods.valid_to, date '9999-12-31')
            > group_periods.valid_from
        left join
            accounts
            on accounts.tenant_id = group_periods.tenant_id
            and accounts.server_id = group_periods.server_id
            and accounts.login = group_periods.login
    )

{% if was_built(this, "remapped_from") %}
        ,

        held as (
            select
                tenant_id,
                server_id,
                login,
                book,
                legal_entity,
                desk,
                valid_from,
                valid_to,
                remapped_from,
                remapped_build_id
            from {{ this }}
        ),

        points as (
            select tenant_id, server_id, login, valid_from
            from periods
            union
            select tenant_id, server_id, login, valid_from
            from held
        ),

        -- from when on an account that was known before belongs elsewhere
        moves as (
            select
                points.tenant_id,
                points.server_id,
                points.login,
                min(points.valid_from) as first_date
            from points
            inner join
                held
                on held.tenant_id = points.tenant_id
                and held.server_id = points.server_id
                and held.login = points.login
                and {{ effective("held", "points.valid_from") }}
            left join
                periods
                on periods.tenant_id = points.tenant_id
                and periods.server_id = points.server_id
                and periods.login = points.login
                and {{ effective("periods", "points.valid_from") }}
            where
                periods.book is distinct from held.book
                or periods.legal_entity is distinct from held.legal_entity
                or periods.desk is distinct from held.desk
            group by points.tenant_id, points.server_id, points.login
        ),

        -- what a build changed that did not finish counts until one has
        remembered as (
            select
                tenant_id,
                server_id,
                login,
                min(remapped_from) as remapped_from,
                max(remapped_build_id) as remapped_build_id
            from held
            group by tenant_id, server_id, login
        )

    select
        periods.tenant_id,
        periods.server_id,
        periods.login,
        periods.account_key,
        periods.group_name,
        periods.book,
        periods.legal_entity,
        periods.desk,
        periods.valid_from,
        periods.valid_to,
        case
            when
                moves.first_date is null
                or (
                    remembered.remapped_build_id > {{ last_done_build() }}
                    and remembered.remapped_from < moves.first_date
                )
            then remembered.remapped_from
            else moves.first_date
        end as remapped_from,
        case
            when moves.first_date is null
            then remembered.remapped_build_id
            else cast({{ var("build_id") }} as bigint)
        end as remapped_build_id
    from periods
    left join
        moves
        on moves.tenant_id = periods.tenant_id
        and moves.server_id = periods.server_id
        and moves.login = periods.login
    left join
        remembered
        on remembered.tenant_id = periods.tenant_id
        and remembered.server_id = periods.server_id
        and remembered.login = periods.login
{% else %}
    select
        tenant_id,
        server_id,
        login,
        account_key,
        group_name,
        book,
        legal_entity,
        desk,
        valid_from,
        valid_to,
        cast(null as date) as remapped_from,
        cast(null as bigint) as remapped_build_id
    from periods
{% endif %}
