{{ dimension('stg_member', 'member_id', 'member_key') }}
