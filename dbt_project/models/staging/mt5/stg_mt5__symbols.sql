with symbols as (select * from {{ current_rows("mt5_symbols") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as server_id,
    symbol,
    path,
    description,
    isin,
    currency_base as base_currency,
    currency_profit as profit_currency,
    currency_margin as margin_currency,
    cast(digits as integer) as digits,
    cast(contract_size as decimal(24, 8)) as contract_size,
    calc_mode as calculation_code
from symbols
