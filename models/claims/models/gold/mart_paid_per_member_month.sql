-- What was paid for services of a month, divided by the members covered in that month.
--
-- A member counts once in a month in which any day is covered. Spend of a month in which the member
-- is not covered is a line of its own (no member month), so the mart's paid amounts add up to those
-- of fact_claim_line. Months go up to the newest one that the cut knows of: no clock is read, and a
-- service date more than a year after it was recorded is taken for a slip, which has no member month.
with newest as (
    select greatest(
        (
            select max(service_date)
            from {{ ref('fact_claim_line') }}
            where service_date <= timezone('UTC', recorded_at)::date + 366
        ),
        (select max(timezone('UTC', recorded_at))::date from {{ ref('fact_eligibility_span') }})
    ) as day
),

-- Clipped to days that have months: an open end is a date far away or infinity.
span as (
    select
        member_id,
        greatest(from_date, date '1900-01-01') as from_date,
        least(to_date, newest.day + 1) as to_date
    from {{ ref('fact_eligibility_span') }}, newest
),

member_month as (
    select distinct
        member_id,
        unnest(generate_series(
            date_trunc('month', from_date), date_trunc('month', to_date - 1), interval 1 month
        ))::date as month
    from span
    where from_date < to_date
),

members as (
    select month, count(*) as member_months from member_month group by month
),

spend as (
    select
        date_trunc('month', line.service_date)::date as month,
        member_month.member_id is not null as has_member_month,
        count(*) as claim_lines,
        sum(line.paid_amount)::decimal(18, 2) as paid_amount
    from {{ ref('fact_claim_line') }} as line
    left join member_month
        on member_month.member_id = line.member_id
        and member_month.month = date_trunc('month', line.service_date)::date
    group by all
)

select
    month,
    true as has_member_month,
    members.member_months,
    coalesce(spend.claim_lines, 0) as claim_lines,
    coalesce(spend.paid_amount, 0)::decimal(18, 2) as paid_amount,
    round(coalesce(spend.paid_amount, 0) / members.member_months, 4)::decimal(18, 4)
        as paid_per_member_month
from members
left join (select * from spend where has_member_month) as spend using (month)
union all
select
    month,
    false as has_member_month,
    0 as member_months,
    claim_lines,
    paid_amount,
    null as paid_per_member_month
from spend
where not has_member_month
order by month, has_member_month desc
