with phases as (select * from {{ current_rows("crm_challenge_phases") }} as rows_now)

select
    _tenant_id as tenant_id,
    plan_id,
    cast(phase as integer) as phase,
    valid_from,
    valid_to,
    coalesce(name, plan_id) as plan_name,
    profit_target_rate,
    daily_loss_rate,
    daily_loss_basis,
    total_loss_rate,
    total_loss_basis,
    coalesce(minimum_trading_days, 0) as minimum_trading_days,
    maximum_days,
    profit_split_rate,
    scaling_months,
    scaling_profit_rate,
    scaling_step_rate,
    scaling_cap_amount
from phases
