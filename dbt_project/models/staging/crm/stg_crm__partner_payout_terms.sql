with terms as (select * from {{ current_rows("crm_partner_payout_terms") }} as rows_now)

select
    _tenant_id as tenant_id,
    partner_id,
    payout_currency,
    method,
    valid_from,
    valid_to,
    coalesce(conversion_date, 'trade') as conversion_date,
    coalesce(hold_days, 0) as hold_days,
    coalesce(minimum_payout_amount, cast(0 as decimal(24, 8))) as minimum_payout_amount,
    coalesce(carries_negative, true) as carries_negative,
    coalesce(client_masking, 'digits') as client_masking
from terms
