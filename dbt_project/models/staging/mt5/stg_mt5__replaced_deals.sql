with

    deals as (select * from {{ replaced_rows("mt5_deals") }} as rows_before),

    tombstones as (
        select _tenant_id, _source, deal
        from {{ source("raw", "mt5_deals") }}
        where _is_deleted and _load_id <= {{ load_watermark() }}
    )

select
    {{ mt5_deal_columns() }},
    deals._superseded_by_load as replaced_by_load_id,
    tombstones.deal is not null as is_deleted
from deals
left join
    tombstones
    on tombstones._tenant_id = deals._tenant_id
    and tombstones._source = deals._source
    and tombstones.deal = deals.deal
