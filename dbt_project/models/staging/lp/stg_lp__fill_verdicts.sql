with recursive

    executions as (
        select
            _row_id,
            _tenant_id,
            _source,
            "session",
            executed_on,
            executed_at,
            sent_at,
            msg_seq_num,
            kind,
            fill_id,
            ref_fill_id
        from {{ current_rows("lp_fills") }} as rows_now
    ),

    changes as (
        select
            _row_id,
            _tenant_id,
            _source,
            "session",
            executed_on,
            kind,
            ref_fill_id,
            coalesce(sent_at, executed_at) as said_at,
            coalesce(msg_seq_num, 0) as said_as
        from executions
        where kind <> 'trade' and coalesce(ref_fill_id, '') <> ''
    ),

    -- a correction may name the fill, or the correction before it
    steps(_row_id, _tenant_id, _source, "session", executed_on, fill_id, depth) as (
        select _row_id, _tenant_id, _source, "session", executed_on, ref_fill_id, 1
        from changes
        union all
        select
            steps._row_id,
            steps._tenant_id,
            steps._source,
            steps."session",
            steps.executed_on,
            earlier.ref_fill_id,
            steps.depth + 1
        from steps
        inner join
            executions as earlier
            on earlier._tenant_id = steps._tenant_id
            and earlier._source = steps._source
            and earlier."session" = steps."session"
            and earlier.fill_id = steps.fill_id
            and earlier.executed_on <= steps.executed_on
        where
            earlier.kind = 'correct'
            and earlier.ref_fill_id <> earlier.fill_id
            and steps.depth < 20
    ),

    -- the trade at the end: ids may begin anew each day, so the last one of that id
    traced as (
        select
            steps._row_id,
            max(trades.executed_on) as root_on,
            max(trades.fill_id) as root_fill_id
        from steps
        inner join
            executions as trades
            on trades._tenant_id = steps._tenant_id
            and trades._source = steps._source
            and trades."session" = steps."session"
            and trades.fill_id = steps.fill_id
            and trades.executed_on <= steps.executed_on
            and trades.kind = 'trade'
        group by steps._row_id
    ),

    -- the last word about a fill first
    ranked as (
        select
            changes._row_id,
            changes._tenant_id,
            changes._source,
            changes."session",
            changes.kind,
            traced.root_on,
            traced.root_fill_id,
            row_number() over (
                partition by
                    changes._tenant_id,
                    changes._source,
                    changes."session",
                    traced.root_on,
                    traced.root_fill_id
                order by
                    changes.said_at desc, changes.said_as desc, changes._row_id desc
            ) as place
        from changes
        inner join traced on traced._row_id = changes._row_id
    )

select
    executions._row_id as raw_row_id,
    own.root_fill_id,
    case
        -- a correction of a fill that was never held is all there is of it
        when executions.kind = 'correct' and own._row_id is null
        then 'standing'
        when executions.kind = 'cancel'
        then 'cancellation'
        when executions.kind = 'correct' and own.place = 1
        then 'standing'
        when executions.kind = 'correct'
        then 'replaced'
        when decided.kind = 'cancel'
        then 'cancelled'
        when decided.kind = 'correct'
        then 'replaced'
        else 'standing'
    end as fill_status
from executions
left join ranked as own on own._row_id = executions._row_id
left join
    ranked as decided
    on decided._tenant_id = executions._tenant_id
    and decided._source = executions._source
    and decided."session" = executions."session"
    and decided.root_on = executions.executed_on
    -- in a key: a condition on one side alone would make it a loop of all with all
    and decided.root_fill_id
    = case when executions.kind = 'trade' then executions.fill_id end
    and decided.place = 1
