with quotes as (select * from {{ current_rows("reference_quotes") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as reference_source_id,
    symbol,
    quote_kind,
    quoted_at,
    quoted_zone,
    quoted_at_utc,
    bid as bid_price,
    ask as ask_price
from quotes
