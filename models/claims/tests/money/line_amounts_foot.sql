-- allowed = paid + what the member owes, to the cent, in every line.
select claim_id, line_no
from {{ ref('fact_claim_line') }}
where allowed_amount <> paid_amount + deductible + copay + coinsurance
