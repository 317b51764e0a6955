{{ config(materialized="view") }}

with

    explained as (
        select break_key, explained_by, reason
        from {{ source("meta", "break_explanations") }}
    ),

    assigned as (
        select break_key, max_by(assigned_to, action_number) as assigned_to
        from {{ source("meta", "break_actions") }}
        where action = 'assigned'
        group by break_key
    ),

    settled as (
        select
            break_key,
            max_by(action, action_number) as action,
            max_by(acted_by, action_number) as acted_by,
            max_by(reason, action_number) as reason,
            max_by(amount, action_number) as amount
        from {{ source("meta", "break_actions") }}
        where action in ('resolved', 'reopened')
        group by break_key
    ),

    named as (
        select break_key
        from explained
        union
        select break_key
        from assigned
        union
        select break_key
        from settled
    )

select
    named.break_key,
    assigned.assigned_to,
    explained.explained_by,
    explained.reason as explained_reason,
    settled.acted_by as resolved_by,
    settled.reason as resolved_reason,
    settled.amount as resolved_amount
from named
left join explained on explained.break_key = named.break_key
left join assigned on assigned.break_key = named.break_key
left join settled on settled.break_key = named.break_key and settled.action = 'resolved'
