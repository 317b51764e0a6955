with prices as (select * from {{ live_rows("mt4_prices") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    symbol,
    {{ epoch_to_timestamp("time") }} as quoted_at_server,
    {{ platform_money("bid", "digits") }} as bid_price,
    {{ platform_money("ask", "digits") }} as ask_price,
    {{ platform_money("low", "digits") }} as low_price,
    {{ platform_money("high", "digits") }} as high_price
from prices
