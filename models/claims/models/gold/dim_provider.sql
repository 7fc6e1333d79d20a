{{ dimension('stg_provider', 'provider_id', 'provider_key') }}
