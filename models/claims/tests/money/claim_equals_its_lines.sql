-- The amounts of a claim are the sums of its lines, to the cent.
with line as (
    select
        claim_id,
        sum(billed_amount) as billed_amount,
        sum(allowed_amount) as allowed_amount,
        sum(paid_amount) as paid_amount
    from {{ ref('fact_claim_line') }}
    group by claim_id
)

select claim.claim_id
from {{ ref('stg_claim') }} as claim
left join line using (claim_id)
where claim.is_current
    and (
        claim.billed_amount <> coalesce(line.billed_amount, 0)
        or claim.allowed_amount <> coalesce(line.allowed_amount, 0)
        or claim.paid_amount <> coalesce(line.paid_amount, 0)
    )
