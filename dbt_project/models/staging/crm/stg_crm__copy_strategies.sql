with strategies as (select * from {{ current_rows("crm_copy_strategies") }} as rows_now)

select
    _tenant_id as tenant_id,
    strategy_id,
    kind,
    coalesce(name, strategy_id) as name,
    manager_client_id,
    server_id,
    login,
    _tenant_id
    || '/'
    || server_id
    || '/'
    || cast(login as varchar) as manager_account_key,
    valid_from,
    valid_to,
    cast(management_rate as decimal(10, 8)) as management_rate,
    cast(performance_rate as decimal(10, 8)) as performance_rate,
    subscription_amount,
    subscription_currency,
    coalesce(fees_posted, 'next_month') as fees_posted,
    management_pattern,
    performance_pattern,
    subscription_pattern
from strategies
