{#
  A dimension with every version that its source rows ever had (SCD2). The surrogate key counts the
  versions in the order of the source's log, so that a replay, or a later cut, gives a version the
  same key. -1 is the member, provider or plan that nobody knows. Versions that began and ended in
  one transaction are there with an empty interval.
#}
{% macro dimension(staging, natural_key, surrogate_key) -%}
with versions as (
    select
        row_number() over (order by commit_position, ordinal, {{ natural_key }}) as {{ surrogate_key }},
        row_number() over (
            partition by {{ natural_key }} order by commit_position, ordinal
        ) as version_number,
        *
    from {{ ref(staging) }}
),

unknown as (
    select
        -1::bigint as {{ surrogate_key }},
        1::bigint as version_number,
        timestamptz '0001-01-01 00:00:00+00' as valid_from,
        {{ open_time() }} as valid_to,
        0::bigint as from_cut,
        {{ open_cut() }}::bigint as to_cut,
        0::bigint as commit_position,
        0::bigint as ordinal,
        true as is_current
)

select * from versions
union all by name
select * from unknown
{%- endmacro %}

{#
  Joins the version of a dimension that was in force at the end of the transaction at `position`: the
  fact as it was recorded. Positions decide, not clocks.
#}
{% macro join_as_recorded(dimension, name, natural_key, fact_key, position) -%}
left join {{ ref(dimension) }} as {{ name }}
    on {{ name }}.{{ natural_key }} = {{ fact_key }}
    and {{ name }}.commit_position <= {{ position }}
    and coalesce({{ name }}.end_position, {{ open_cut() }}) > {{ position }}
{%- endmacro %}

{# Joins the version that is open at the cut: the fact as it is known now. #}
{% macro join_as_known(dimension, name, natural_key, fact_key) -%}
left join {{ ref(dimension) }} as {{ name }}
    on {{ name }}.{{ natural_key }} = {{ fact_key }}
    and {{ name }}.is_current
{%- endmacro %}
