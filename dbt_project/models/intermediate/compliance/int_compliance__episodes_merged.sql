with
    detected as (
        {% for detector in [
            "int_compliance__a1_structuring_detected",
            "int_compliance__a2_rapid_in_out_detected",
            "int_compliance__a3_untraded_deposits_detected",
        ] %}
            select
                scenario_id,
                rule_key,
                tenant_id,
                subject_key,
                window_from,
                window_to,
                window_hours,
                deal_key,
                alerted_kind,
                detail,
                traded_lots
            from {{ ref(detector) }}
            {% if not loop.last %}
                union all
            {% endif %}
        {% endfor %}
    ),

    windows as (
        select
            scenario_id,
            tenant_id,
            subject_key,
            window_from,
            max(window_to) as window_to
        from detected
        group by scenario_id, tenant_id, subject_key, window_from
    ),

    -- Windows that overlap are one episode.
    reached as (
        select
            scenario_id,
            tenant_id,
            subject_key,
            window_from,
            window_to,
            max(window_to) over (
                partition by scenario_id, tenant_id, subject_key
                order by window_from
                rows between unbounded preceding and 1 preceding
            ) as reached_before
        from windows
    ),

    numbered as (
        select
            scenario_id,
            tenant_id,
            subject_key,
            window_from,
            sum(
                case
                    when reached_before is null or window_from > reached_before
                    then 1
                    else 0
                end
            ) over (
                partition by scenario_id, tenant_id, subject_key
                order by window_from
                rows between unbounded preceding and current row
            ) as episode_number
        from reached
    )

select
    detected.scenario_id,
    detected.tenant_id,
    detected.subject_key,
    cast(numbered.episode_number as integer) as episode_number,
    detected.deal_key,
    -- The version in force when the episode began names the alert.
    min_by(detected.rule_key, detected.window_from) as rule_key,
    min(detected.window_from) as window_from,
    min(detected.window_hours) as shortest_window_hours,
    max(detected.window_hours) as longest_window_hours,
    max(detected.alerted_kind) as alerted_kind,
    min_by(detected.detail, detected.window_from) as detail,
    max(detected.traded_lots) as traded_lots
from detected
inner join
    numbered
    on numbered.scenario_id = detected.scenario_id
    and numbered.tenant_id = detected.tenant_id
    and numbered.subject_key = detected.subject_key
    and numbered.window_from = detected.window_from
group by
    detected.scenario_id,
    detected.tenant_id,
    detected.subject_key,
    numbered.episode_number,
    detected.deal_key
