with rates as (select * from {{ current_rows("ecb_rates") }} as rows_now)

select _tenant_id as tenant_id, rate_date, currency, rate_per_eur, _load_id as load_id
from rates
