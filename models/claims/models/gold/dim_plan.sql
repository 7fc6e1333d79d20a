{{ dimension('stg_plan', 'plan_id', 'plan_key') }}
