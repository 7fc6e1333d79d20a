-- No cent of the lines is missing from the mart, with or without a member month.
with mart as (
    select coalesce(sum(paid_amount), 0) as paid, coalesce(sum(claim_lines), 0) as lines
    from {{ ref('mart_paid_per_member_month') }}
),

line as (
    select coalesce(sum(paid_amount), 0) as paid, count(*) as lines
    from {{ ref('fact_claim_line') }}
)

select mart.paid, line.paid as line_paid
from mart, line
where mart.paid <> line.paid or mart.lines <> line.lines
