{{ history('claim_line', {
    'claim_id': 'bigint',
    'line_no': 'integer',
    'procedure_code': 'varchar',
    'units': 'integer',
    'service_date': 'date',
    'billed_amount': 'decimal(12, 2)',
    'allowed_amount': 'decimal(12, 2)',
    'paid_amount': 'decimal(12, 2)',
    'deductible': 'decimal(12, 2)',
    'copay': 'decimal(12, 2)',
    'coinsurance': 'decimal(12, 2)',
}) }}
