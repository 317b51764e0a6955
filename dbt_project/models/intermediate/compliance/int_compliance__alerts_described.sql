with
    episodes as (
        select
            scenario_id,
            tenant_id,
            subject_key,
            episode_number,
            deal_key,
            rule_key,
            window_from,
            shortest_window_hours,
            longest_window_hours,
            alerted_kind,
            detail,
            traded_lots
        from {{ ref("int_compliance__episodes_merged") }}
    ),

    movements as (
        select
            scenario_id,
            deal_key,
            client_key,
            account_key,
            executed_at_utc,
            kind,
            amount_reporting
        from {{ ref("int_compliance__movements_ruled") }}
    ),

    rules as (
        select rule_key, name, reason_template, parameters, valid_from
        from {{ ref("int_compliance__scenarios_versioned") }}
    ),

    measured as (
        select
            episodes.scenario_id,
            episodes.tenant_id,
            episodes.subject_key,
            episodes.episode_number,
            min_by(episodes.rule_key, episodes.window_from) as rule_key,
            min_by(episodes.detail, episodes.window_from) as detail,
            min(episodes.shortest_window_hours) as shortest_window_hours,
            max(episodes.longest_window_hours) as longest_window_hours,
            max(episodes.traded_lots) as traded_lots,
            max(episodes.alerted_kind) as alerted_kind,
            max(movements.client_key) as client_key,
            min_by(movements.account_key, movements.executed_at_utc) as account_key,
            min(movements.executed_at_utc) as first_at_utc,
            max(movements.executed_at_utc) as last_at_utc,
            sum(
                case when movements.kind = 'deposit' then 1 else 0 end
            ) as deposit_count,
            sum(
                case
                    when movements.kind = 'deposit'
                    then movements.amount_reporting
                    else 0
                end
            ) as deposit_total,
            sum(
                case when movements.kind = 'withdrawal' then 1 else 0 end
            ) as withdrawal_count,
            sum(
                case
                    when movements.kind = 'withdrawal'
                    then movements.amount_reporting
                    else 0
                end
            ) as withdrawal_total,
            string_agg(
                episodes.deal_key,
                ','
                order by movements.executed_at_utc, episodes.deal_key
            ) as evidence_keys
        from episodes
        inner join
            movements
            on movements.scenario_id = episodes.scenario_id
            and movements.deal_key = episodes.deal_key
        group by
            episodes.scenario_id,
            episodes.tenant_id,
            episodes.subject_key,
            episodes.episode_number
    ),

    worded as (
        select
            measured.scenario_id,
            measured.tenant_id,
            measured.subject_key,
            measured.episode_number,
            measured.client_key,
            measured.account_key,
            measured.first_at_utc,
            measured.last_at_utc,
            measured.alerted_kind,
            measured.deposit_count,
            measured.deposit_total,
            measured.withdrawal_count,
            measured.withdrawal_total,
            measured.traded_lots,
            measured.evidence_keys,
            measured.detail,
            rules.name,
            rules.reason_template,
            rules.parameters,
            rules.valid_from,
            {{ ratio("measured.withdrawal_total * 100", "measured.deposit_total") }}
            as withdrawn_pct,
            case
                when
                    measured.last_at_utc
                    <= {{
                        minutes_after(
                            "measured.first_at_utc",
                            "measured.shortest_window_hours * 60",
                        )
                    }}
                then 'within '
                when
                    measured.last_at_utc
                    <= {{
                        minutes_after(
                            "measured.first_at_utc",
                            "measured.longest_window_hours * 60",
                        )
                    }}
                then 'within '
                else 'in overlapping windows of '
            end as window_relation,
            case
                when
                    measured.last_at_utc
                    <= {{
                        minutes_after(
                            "measured.first_at_utc",
                            "measured.shortest_window_hours * 60",
                        )
                    }}
                then measured.shortest_window_hours
                else measured.longest_window_hours
            end as window_hours
        from measured
        inner join rules on rules.rule_key = measured.rule_key
    )

select
    scenario_id
    || '|'
    || subject_key
    || '|'
    || cast(first_at_utc as varchar) as alert_key,
    scenario_id,
    tenant_id,
    subject_key,
    episode_number,
    name as scenario_name,
    client_key,
    account_key,
    first_at_utc,
    last_at_utc,
    case
        when alerted_kind = 'withdrawal' then withdrawal_total else deposit_total
    end as amount_reporting,
    parameters,
    replace(
        replace(
            replace(
                replace(
                    replace(
                        replace(
                            replace(
                                replace(
                                    replace(
                                        replace(
                                            replace(
                                                reason_template, '{detail}', detail
                                            ),
                                            '{window}',
                                            window_relation || case
                                                when
                                                    window_hours > 72
                                                    and mod(window_hours, 24) = 0
                                                then
                                                    cast(
                                                        floor(
                                                            window_hours / 24
                                                        ) as integer
                                                    )
                                                    || ' days'
                                                else window_hours || ' hours'
                                            end
                                        ),
                                        '{deposits}',
                                        cast(deposit_count as varchar)
                                    ),
                                    '{deposits_total}',
                                    format('{:,.2f}', round(deposit_total, 2))
                                ),
                                '{withdrawals}',
                                cast(withdrawal_count as varchar)
                            ),
                            '{withdrawals_total}',
                            format('{:,.2f}', round(withdrawal_total, 2))
                        ),
                        '{withdrawn_pct}',
                        coalesce(format('{:.1f}', withdrawn_pct), '')
                    ),
                    '{traded_lots}',
                    format('{:,.2f}', traded_lots)
                ),
                '{currency}',
                '{{ var("reporting_currency") }}'
            ),
            '{first_date}',
            cast(cast(first_at_utc as date) as varchar)
        ),
        '{last_date}',
        cast(cast(last_at_utc as date) as varchar)
    ) as reason,
    evidence_keys,
    valid_from as rule_valid_from
from worded
