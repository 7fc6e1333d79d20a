{# A key has at most one version that is open. #}
{% test one_current(model, key) %}
select {{ key }}
from {{ model }}
where is_current and {{ key }} is not null
group by {{ key }}
having count(*) > 1
{% endtest %}
