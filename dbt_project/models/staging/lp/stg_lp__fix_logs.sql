with logs as (select * from {{ current_rows("lp_fix_logs") }} as rows_now)

select
    _tenant_id as tenant_id,
    _source as lp_id,
    file_name,
    "session" as session_id,
    messages as message_count,
    trades as trade_count,
    cancels as cancel_count,
    corrections as correction_count,
    resends as resend_count,
    ignored as ignored_count,
    ignored_types,
    bad_messages as bad_message_count,
    first_seq_num as first_sequence,
    last_seq_num as last_sequence,
    missing_messages as missing_message_count,
    missing_seq_nums as missing_sequences,
    resets as reset_count,
    _row_id as raw_row_id,
    _load_id as load_id
from logs
