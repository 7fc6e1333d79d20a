-- One row for each claim line that exists at the cut, with its claim and both pictures of its
-- dimensions: *_key as they were when the row was recorded, *_current_key as they are known now.
with line as (
    select
        line.*,
        claim.member_id,
        claim.provider_id,
        claim.plan_id,
        claim.claim_type,
        claim.claim_status,
        claim.received_date,
        claim.paid_date,
        greatest(line.commit_position, coalesce(claim.commit_position, 0)) as recorded_position
    from {{ ref('stg_claim_line') }} as line
    left join {{ ref('stg_claim') }} as claim
        on claim.claim_id = line.claim_id and claim.is_current
    where line.is_current
)

select
    line.claim_id,
    line.line_no,
    line.member_id,
    line.provider_id,
    line.plan_id,
    coalesce(member.member_key, -1) as member_key,
    coalesce(provider.provider_key, -1) as provider_key,
    coalesce(plan.plan_key, -1) as plan_key,
    coalesce(member_now.member_key, -1) as member_current_key,
    coalesce(provider_now.provider_key, -1) as provider_current_key,
    coalesce(plan_now.plan_key, -1) as plan_current_key,
    line.claim_type,
    line.claim_status,
    line.procedure_code,
    line.service_date,
    line.received_date,
    line.paid_date,
    line.units,
    line.billed_amount,
    line.allowed_amount,
    line.paid_amount,
    line.deductible,
    line.copay,
    line.coinsurance,
    line.valid_from as recorded_at,
    line.from_cut,
    line.commit_position,
    line.ordinal
from line
{{ join_as_recorded('dim_member', 'member', 'member_id', 'line.member_id', 'line.recorded_position') }}
{{ join_as_recorded('dim_provider', 'provider', 'provider_id', 'line.provider_id', 'line.recorded_position') }}
{{ join_as_recorded('dim_plan', 'plan', 'plan_id', 'line.plan_id', 'line.recorded_position') }}
{{ join_as_known('dim_member', 'member_now', 'member_id', 'line.member_id') }}
{{ join_as_known('dim_provider', 'provider_now', 'provider_id', 'line.provider_id') }}
{{ join_as_known('dim_plan', 'plan_now', 'plan_id', 'line.plan_id') }}
