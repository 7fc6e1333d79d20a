{#
  All versions of a source table that the cut knows, with the ends that the cut knows: a version that
  was ended after the cut is open. `columns` are what the models rely on, {name: type}: one that the
  source does not have (yet) is null, and a table that is not there (yet) has no rows. With
  `every_column` the columns that the source has beyond those come along.
#}
{% macro history(table, columns, every_column=false) -%}
    {%- set own = ['valid_from', 'valid_to', 'from_cut', 'to_cut', 'commit_position', 'ordinal',
                   'end_position', 'end_ordinal', 'op'] -%}
    {%- set relation = load_relation(source('history', table)) if execute else none -%}
    {%- set present = [] -%}
    {%- if relation is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do present.append(column.name) -%}
        {%- endfor -%}
    {%- endif %}
select
    {%- for name, type in columns.items() %}
    {% if name in present -%}
    cast({{ adapter.quote(name) }} as {{ type }}) as {{ adapter.quote(name) }},
    {%- else -%}
    cast(null as {{ type }}) as {{ adapter.quote(name) }},
    {%- endif -%}
    {%- endfor -%}
    {%- if every_column -%}
    {%- for name in present if name not in columns and name not in own %}
    {{ adapter.quote(name) }},
    {%- endfor -%}
    {%- endif %}
    {%- if relation is none %}
    cast(null as timestamptz) as valid_from,
    cast(null as timestamptz) as valid_to,
    cast(null as bigint) as from_cut,
    cast(null as bigint) as to_cut,
    cast(null as bigint) as commit_position,
    cast(null as bigint) as ordinal,
    cast(null as bigint) as end_position,
    cast(null as boolean) as is_current
where false
    {%- else %}
    valid_from,
    case when to_cut > {{ cut() }} then {{ open_time() }} else valid_to end as valid_to,
    from_cut,
    case when to_cut > {{ cut() }} then {{ open_cut() }} else to_cut end as to_cut,
    commit_position,
    ordinal,
    case when to_cut > {{ cut() }} then null else end_position end as end_position,
    to_cut > {{ cut() }} as is_current
from {{ source('history', table) }}
where from_cut <= {{ cut() }}
    {%- endif -%}
{%- endmacro %}
