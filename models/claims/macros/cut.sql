{#
  The cut that this run shows: the variable `cut`, else the environment's WEIR_CUT, else the last one
  loaded. weir sets WEIR_CUT: a changed variable would make dbt parse the whole project again. It is
  read when a model runs, never when it is parsed, for the same reason.
#}
{% macro cut() -%}
    {%- if var('cut') is not none -%}
        {{ var('cut') | int }}
    {%- elif execute and env_var('WEIR_CUT', '') -%}
        {{ env_var('WEIR_CUT') | int }}
    {%- else -%}
        (select cut from weir_ops.weir_cut)
    {%- endif -%}
{%- endmacro %}

{# How history writes "still open". #}
{% macro open_cut() -%} 9223372036854775807 {%- endmacro %}
{% macro open_time() -%} timestamptz '9999-12-31 00:00:00+00' {%- endmacro %}
