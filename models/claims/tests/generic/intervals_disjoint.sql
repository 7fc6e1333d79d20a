{# The versions of a key follow each other: none ends after the next begins, and none ends before it begins. #}
{% test intervals_disjoint(model, key) %}
with follower as (
    select
        commit_position,
        ordinal,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by {{ key }} order by commit_position, ordinal
        ) as next_from
    from {{ model }}
    where {{ key }} is not null
)

select commit_position, ordinal
from follower
where valid_to < valid_from or valid_to > coalesce(next_from, valid_to)
{% endtest %}
