{{ history('member', {
    'member_id': 'bigint',
    'subscriber_id': 'bigint',
    'first_name': 'varchar',
    'last_name': 'varchar',
    'birth_date': 'date',
    'sex': 'varchar',
    'ssn': 'varchar',
    'address': 'varchar',
    'city': 'varchar',
    'state': 'varchar',
    'zip': 'varchar',
    'updated_at': 'timestamptz',
}, every_column=true) }}
