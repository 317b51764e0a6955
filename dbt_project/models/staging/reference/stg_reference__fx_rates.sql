with fx_rates as (select * from {{ current_rows("reference_fx_rates") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as reference_source_id,
    rate_date,
    base_currency,
    quote_currency,
    base_units,
    rate
from fx_rates
