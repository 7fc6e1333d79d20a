{{ history('plan', {
    'plan_id': 'integer',
    'name': 'varchar',
    'line_of_business': 'varchar',
    'metal': 'varchar',
}, every_column=true) }}
