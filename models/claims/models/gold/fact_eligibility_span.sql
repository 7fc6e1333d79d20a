-- One row for each eligibility span that exists at the cut. It covers [from_date, to_date).
select
    span.span_id,
    span.member_id,
    span.plan_id,
    coalesce(member.member_key, -1) as member_key,
    coalesce(plan.plan_key, -1) as plan_key,
    coalesce(member_now.member_key, -1) as member_current_key,
    coalesce(plan_now.plan_key, -1) as plan_current_key,
    span.from_date,
    span.to_date,
    span.reason,
    span.valid_from as recorded_at,
    span.from_cut,
    span.commit_position,
    span.ordinal
from {{ ref('stg_eligibility_span') }} as span
{{ join_as_recorded('dim_member', 'member', 'member_id', 'span.member_id', 'span.commit_position') }}
{{ join_as_recorded('dim_plan', 'plan', 'plan_id', 'span.plan_id', 'span.commit_position') }}
{{ join_as_known('dim_member', 'member_now', 'member_id', 'span.member_id') }}
{{ join_as_known('dim_plan', 'plan_now', 'plan_id', 'span.plan_id') }}
where span.is_current
