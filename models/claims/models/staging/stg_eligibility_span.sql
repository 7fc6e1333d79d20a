{{ history('eligibility_span', {
    'span_id': 'bigint',
    'member_id': 'bigint',
    'plan_id': 'integer',
    'from_date': 'date',
    'to_date': 'date',
    'reason': 'varchar',
}) }}
