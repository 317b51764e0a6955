-- Those of the P&L, those on which a build since the last finished one booked partners'
-- commission, and the touched days at payment providers, banks and liquidity providers;
-- and the days whose commission is priced again.
with
    journal as (
        select tenant_id, server_id, business_date
        from {{ pnl_days() }} as pnl
        union
        select tenant_id, server_id, business_date
        from {{ ref("fct_commission_ledger") }}
        where build_id > {{ last_done_build() }}
        union
        select tenant_id, server_id, business_date
        from {{ touched_external_days() }} as external_days
    )

select tenant_id, server_id, business_date, true as is_in_journal
from journal
union all
select priced.tenant_id, priced.server_id, priced.business_date, false
from {{ ref("int_partners__days_touched") }} as priced
left join
    journal
    on journal.tenant_id = priced.tenant_id
    and journal.server_id = priced.server_id
    and journal.business_date = priced.business_date
where journal.business_date is null
