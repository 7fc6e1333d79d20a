-- What a claim that is paid says was paid is what its payments and recoveries add up to, to the cent.
with payment as (
    select claim_id, sum(amount) as amount
    from {{ ref('stg_payment') }}
    where is_current
    group by claim_id
)

select claim.claim_id
from {{ ref('stg_claim') }} as claim
left join payment using (claim_id)
where claim.is_current and claim.paid_date is not null and claim.paid_amount <> coalesce(payment.amount, 0)
