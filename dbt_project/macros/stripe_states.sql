{#-
    The state of each Stripe object, of all that an API list or an event said of it.

    Events come twice and out of order: the one created last wins. A list says no time, it counts as
    of its load. A final state is never followed by one that is not, whatever came last.
-#}
{% macro stripe_states(table, final) -%}
    (
        select *
        from
            (
                select
                    *,
                    row_number() over (
                        partition by _tenant_id, _source, id
                        order by
                            case when status in {{ final }} then 0 else 1 end asc,
                            coalesce(
                                {{ epoch_to_timestamp("stated_at") }}, _loaded_at
                            ) desc,
                            stated_by asc
                    ) as newest_first
                from {{ current_rows(table) }} as rows_now
            ) as stated
        where newest_first = 1
    )
{%- endmacro %}
