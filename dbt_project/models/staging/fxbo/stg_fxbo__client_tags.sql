with
    user_tags as (select * from {{ current_rows("fxbo_user_tags") }} as rows_now),

    tags as (select * from {{ current_rows("fxbo_tags") }} as rows_now)

select
    user_tags._tenant_id as tenant_id,
    user_tags.user_id::varchar as client_id,
    user_tags.tag_id::varchar as tag_id,
    tags.tag,
    tags.category_id::varchar as tag_category_id
from user_tags
left join
    tags
    on tags._tenant_id = user_tags._tenant_id
    and tags._source = user_tags._source
    and tags.id = user_tags.tag_id
