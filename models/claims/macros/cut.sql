{# The cut that this run shows: a number, or the last one loaded. #}
{% macro cut() -%}
    {%- if var('cut') is none -%}
        (select cut from weir_ops.weir_cut)
    {%- else -%}
        {{ var('cut') | int }}
    {%- endif -%}
{%- endmacro %}

{# How history writes "still open". #}
{% macro open_cut() -%} 9223372036854775807 {%- endmacro %}
{% macro open_time() -%} timestamptz '9999-12-31 00:00:00+00' {%- endmacro %}
