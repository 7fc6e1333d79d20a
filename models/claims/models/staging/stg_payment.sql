{{ history('payment', {
    'payment_id': 'bigint',
    'claim_id': 'bigint',
    'amount': 'decimal(12, 2)',
    'method': 'varchar',
    'paid_date': 'date',
}) }}
