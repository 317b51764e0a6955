with deals as (select * from {{ current_rows("mt5_deals") }} as rows_now)

select {{ mt5_deal_columns() }}
from deals
