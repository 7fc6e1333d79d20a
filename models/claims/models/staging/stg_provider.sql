{{ history('provider', {
    'provider_id': 'integer',
    'npi': 'varchar',
    'name': 'varchar',
    'specialty': 'varchar',
    'address': 'varchar',
    'par_status': 'varchar',
}, every_column=true) }}
