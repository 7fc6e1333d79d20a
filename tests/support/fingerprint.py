"""Fingerprint SQL for tests, written from docs/formats/canonical_text.md and sharing no code with src/reconcile.

columns: [(name, landed type as in contracts)]; each function returns a SELECT of count, low, high.
"""

POSTGRES_SETTINGS = """
SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'; SET IntervalStyle TO 'postgres';
SET extra_float_digits TO 1; SET bytea_output TO 'hex'; SET standard_conforming_strings TO on;
SET lc_monetary TO 'C'; SET quote_all_identifiers TO off;
"""

NOT_A_NUMBER = {4: "7fc00000", 8: "7ff8000000000000"}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def postgres_moment(value):
    return (f"CASE WHEN {value} IN ('infinity', '-infinity') THEN ({value})::varchar "
            f"WHEN extract(year FROM {value}) < 0 THEN to_char({value}, 'YYYY-MM-DD HH24:MI:SS.US') || ' BC' "
            f"ELSE to_char({value}, 'YYYY-MM-DD HH24:MI:SS.US') END")


def postgres_text(landed_type, value):
    if landed_type == "bool":
        return f"CASE WHEN {value} THEN 't' WHEN NOT {value} THEN 'f' END"
    if landed_type.startswith("decimal"):
        return f"CAST(CAST({value} AS {landed_type}) AS varchar)"
    if landed_type in ("float32", "float64"):
        size = 4 if landed_type == "float32" else 8
        return f"CASE WHEN {value} = 'NaN' THEN '{NOT_A_NUMBER[size]}' ELSE encode(float{size}send({value}), 'hex') END"
    if landed_type == "bytes":
        return f"encode({value}, 'hex')"
    if landed_type == "time":
        return f"to_char({value}, 'HH24:MI:SS.US')"
    if landed_type == "timestamp":
        return postgres_moment(value)
    if landed_type == "timestamptz":
        return postgres_moment(f"timezone('UTC', {value})")
    # Integers, dates and everything that lands as text: the type's own output.
    return f"CASE WHEN {value} IS NOT NULL THEN format('%s', {value}) END"


def duckdb_clock(value):
    return f"left(CAST({value} AS VARCHAR) || CASE WHEN CAST({value} AS VARCHAR) LIKE '%.%' THEN '' ELSE '.' END || '000000', 15)"


def duckdb_date(value):
    return f"regexp_replace(CAST({value} AS VARCHAR), ' \\(BC\\)$', ' BC')"


def duckdb_moment(value):
    date = f"CAST(CAST({value} AS DATE) AS VARCHAR)"
    return (f"CASE WHEN isinf({value}) THEN CAST({value} AS VARCHAR) "
            f"WHEN {date} LIKE '%(BC)' THEN split_part({date}, ' ', 1) || ' ' || {duckdb_clock(f'CAST({value} AS TIME)')} || ' BC' "
            f"ELSE {date} || ' ' || {duckdb_clock(f'CAST({value} AS TIME)')} END")


def duckdb_bits(value, sql_type, digits):
    bits = f"CAST(CAST({value} AS {sql_type}) AS BIT)"
    return f"lower(lpad(to_hex(CAST(CAST({bits} AS VARCHAR) AS BIT)::{'UBIGINT' if digits == 16 else 'UINTEGER'}), {digits}, '0'))"


def duckdb_text(landed_type, value):
    if landed_type == "bool":
        return f"CASE WHEN {value} THEN 't' WHEN NOT {value} THEN 'f' END"
    if landed_type.startswith("decimal"):
        # A decimal without digits before the point has no zero there either.
        return f"regexp_replace(CAST(CAST({value} AS {landed_type}) AS VARCHAR), '^(-?)\\.', '\\10.')"
    if landed_type == "float32":
        return duckdb_bits(value, "FLOAT", 8)
    if landed_type == "float64":
        return duckdb_bits(value, "DOUBLE", 16)
    if landed_type == "bytes":
        return f"lower(to_hex({value}))"
    if landed_type == "date":
        return duckdb_date(value)
    if landed_type == "time":
        return duckdb_clock(value)
    if landed_type == "timestamp":
        return duckdb_moment(value)
    if landed_type == "timestamptz":
        return f"CASE WHEN isinf({value}) THEN CAST({value} AS VARCHAR) ELSE {duckdb_moment(f'make_timestamp(epoch_us({value}))')} END"
    return f"CAST({value} AS VARCHAR)"


def row_text(columns, text):
    escaped = []
    for name, landed_type in columns:
        value = text(landed_type, "r." + quoted(name))
        escaped.append(rf"coalesce(replace(replace({value}, '\', '\\'), '|', '\|'), '\N')")
    return " || '|' || ".join(escaped)


def postgres(columns, relation):
    hashed = f"SELECT md5(convert_to({row_text(columns, postgres_text)}, 'UTF8')) AS m FROM {relation} r"
    number = "('x' || lpad(substring(m FROM {} FOR 15), 16, '0'))::bit(64)::bigint"
    return (f"SELECT count(m), coalesce(sum({number.format(1)}), 0), coalesce(sum({number.format(16)}), 0) "
            f"FROM ({hashed}) hashed")


def duckdb(columns, relation, as_of=None):
    where = "" if as_of is None else f" WHERE r.from_cut <= {as_of} AND r.to_cut > {as_of}"
    hashed = f"SELECT md5({row_text(columns, duckdb_text)}) AS m FROM {relation} r{where}"
    number = "CAST('0x' || substring(m, {}, 15) AS BIGINT)"
    return (f"SELECT count(m), coalesce(sum({number.format(1)}), 0), coalesce(sum({number.format(16)}), 0) "
            f"FROM ({hashed}) hashed")
