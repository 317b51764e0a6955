select tenant_id, server_id, business_date
from {{ journal_days() }} as journal_days
union
select tenant_id, server_id, business_date
from {{ ref("int_partners__days_touched") }}
