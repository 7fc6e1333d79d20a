"""Edge values of PostgreSQL's types for tests: {type as format_type spells it: SQL expressions}.

A list begins with the values that somebody chose; `with_generated` adds more from a seed. Values that the landed
type of docs/types.md cannot hold stand in OUTSIDE, for each of them puts its whole row into quarantine.
"""

import datetime

INTEGERS = {"smallint": 15, "integer": 31, "bigint": 63}
WEIGHTS = {"numeric(12,2)": (10, 2), "numeric(38,10)": (28, 10), "numeric(60,2)": (58, 2), "numeric": (40, 40)}
TEXTS = ["", " ", "a", "it's", "\\N", "\\", "a\\nb", "a|b", "line\nline", "tab\there", "\r\n", "é漢😀", "\u0001", '"', "NULL"]
MOMENTS = ["infinity", "-infinity", "4713-01-01 00:00:00 BC", "0001-12-31 23:59:59.999999 BC", "0001-01-01 00:00:00",
           "1969-12-31 23:59:59.999999", "1970-01-01 00:00:00", "1999-12-31 23:59:59.999999", "2024-02-29 03:04:05.6",
           "9999-12-31 23:59:59.999999", "10000-01-01 00:00:00", "294247-01-10 04:00:54.775806"]
RANGES = ["empty", "(,)", "[{0},{1})", "({0},{1}]", "[{0},{0}]", "(,{1})", "[{0},)"]

LITERALS = {
    "boolean": ["t", "f"],
    "bytea": ["", "\\x00", "\\xdeadbeef", "\\x5c78", "\\xff00ff"],
    '"char"': ["a", "", " ", "\\", "\x7f"],
    "name": ["", "name", "A name", 'quo"ted', "n" * 63],
    "smallint": ["0", "-32768", "32767"],
    "integer": ["0", "-2147483648", "2147483647"],
    "bigint": ["0", "-9223372036854775808", "9223372036854775807"],
    "int2vector": ["", "1", "-32768 0 32767"],
    "oidvector": ["", "1", "0 4294967295"],
    "text": TEXTS,
    "character varying": TEXTS,
    "character varying(5)": ["", "a", "a    ", "é漢😀"],
    "character": ["", "a", "é"],
    "character(6)": ["", " ", "a", "ab  ", "abcdef", "é漢", "a\nb", "\\"],
    "bpchar": ["", "a  ", "  a"],
    "oid": ["0", "1", "4294967295"],
    "tid": ["(0,0)", "(4294967295,65535)"],
    "xid": ["0", "4294967295"],
    "cid": ["0", "4294967295"],
    "xid8": ["0", "18446744073709551615"],
    "xml": ["", "<a/>", "<a b=\"1\">é &amp; ]]&gt;</a>", "text", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\n</a>"],
    "json": ["null", "{}", '{"a": 1,   "a":2}', ' [1 , 2.50, -0, 1e400]\n', '"\\u0000"', '{"b":1,"a":"\\"é"}'],
    "jsonb": ["null", "{}", '{"a": 1,   "a":2}', "[1, 2.50, -0.0, 1e400]", '{"bb":1,"a":"\\"é"}', "9" * 400],
    "jsonpath": ["$", "$.a[*] ? (@.x > 1)", "lax $.\"a b\"", "strict $[last]"],
    "point": ["(0,0)", "(-0,1e-320)", "(NaN,Infinity)", "(1.5,-2.25)"],
    "lseg": ["[(0,0),(1,1)]", "[(-0.1,2e300),(NaN,0)]"],
    "path": ["[(0,0),(1,1)]", "((0,0),(1,1),(0.1,2))"],
    "box": ["(1,1),(0,0)", "(0,0),(5,-5)"],
    "polygon": ["((0,0))", "((0,0),(1,1),(0.1,2))"],
    "line": ["{1,-1,0}", "{0,1,-0.3}"],
    "circle": ["<(0,0),1>", "<(-1.5,2),0>"],
    "real": ["0", "-0", "NaN", "Infinity", "-Infinity", "1e-45", "1.1754944e-38", "3.4028235e38", "-3.4028235e38",
             "0.1", "16777217", "1e10"],
    "double precision": ["0", "-0", "NaN", "Infinity", "-Infinity", "5e-324", "2.2250738585072014e-308",
                         "1.7976931348623157e308", "-1.7976931348623157e308", "0.1", "9007199254740993", "1e22"],
    "macaddr": ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"],
    "macaddr8": ["00:00:00:00:00:00:00:00", "08:00:2b:01:02:03:04:05"],
    "inet": ["0.0.0.0", "10.0.0.1", "10.0.0.1/8", "::", "::ffff:1.2.3.4", "2001:db8::1/64"],
    "cidr": ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.1", "::/0", "2001:db8::/32"],
    "aclitem": ["postgres=arwdDxt/postgres", "=r*/postgres"],
    "date": ["infinity", "-infinity", "4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "1969-12-31", "1970-01-01",
             "2000-02-29", "9999-12-31", "10000-01-01", "5874897-12-31"],
    "time without time zone": ["00:00", "00:00:00.000001", "23:59:59.999999", "24:00"],
    "time(0) without time zone": ["23:59:59.4", "24:00"],
    "time with time zone": ["00:00+00", "24:00-15:59", "23:59:59.999999+15:59:59", "10:00:00.5+05:30"],
    "timestamp without time zone": MOMENTS,
    "timestamp(0) without time zone": ["1969-12-31 23:59:59.4", "infinity"],
    "timestamp with time zone": [moment.replace(" BC", "Z BC") if " BC" in moment else
                                 moment if "infinity" in moment else moment + "Z" for moment in MOMENTS],
    "interval": ["0", "1 day 02:03:04.000005", "-1 year -2 mons +3 days -04:05:06.7", "178000000 years",
                 "-178000000 years", "2147483647 days", "-2147483648 days", "2562047788:00:54.775807",
                 "-2562047788:00:54.775807", "1 mon -1 day", "1 day -00:00:00.000001", "24:00", "1 day"],
    "interval day to second(3)": ["1 02:03:04.567", "-1 days +00:00:00.001"],
    "interval year to month": ["1-2", "-0-1"],
    "money": ["0", "-0.01", "0.01", "1234567.89", "-92233720368547758.08", "92233720368547758.07"],
    "bit(5)": ["00000", "10101"],
    "bit": ["0", "1"],
    "bit varying": ["", "0", "1" * 100],
    "bit varying(9)": ["", "101010101"],
    "numeric": ["0", "0.00", "-0.000", "1.10", "NaN", "Infinity", "-Infinity", "1e-16383", "-1e131071", "9" * 130000,
                "0." + "7" * 16383, "10000", "9999.9999", "0.0001", "0.00001", "100000000", "1e38", "-1e-7"],
    "numeric(12,2)": ["0", "-0.01", "9999999999.99", "-9999999999.99", "1"],
    "numeric(18,0)": ["0", "999999999999999999", "-999999999999999999"],
    "numeric(38,0)": ["0", "9" * 38, "-" + "9" * 38],
    "numeric(38,10)": ["0", "9999999999999999999999999999.9999999999", "-0.0000000001"],
    "numeric(38,38)": ["0", "0." + "9" * 38, "-0." + "0" * 37 + "1"],
    "numeric(60,2)": ["0", "9" * 58 + ".99", "NaN", "-0.01"],
    "numeric(39,0)": ["9" * 39, "-1"],
    "numeric(5,-2)": ["0", "9999900", "-100", "149"],
    "numeric(3,5)": ["0", "0.00999", "-0.00001"],
    "refcursor": ["", "a cursor"],
    "regproc": ["pg_catalog.now", "0", "4294967295"],
    "regprocedure": ["abs(integer)", "0"],
    "regoper": ["pg_catalog.||/", "0"],
    "regoperator": ["+(integer,integer)", "0"],
    "regclass": ["pg_class", "information_schema.tables", "0", "4294967295"],
    "regcollation": ['pg_catalog."C"', "0"],
    "regtype": ["integer", "types.pair", "timestamp with time zone", "text[]", "0"],
    "regrole": ["postgres", "0"],
    "regnamespace": ["pg_catalog", "0"],
    "regconfig": ["english", "0"],
    "regdictionary": ["english_stem", "0"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
             "A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "pg_lsn": ["0/0", "FFFFFFFF/FFFFFFFF"],
    "tsvector": ["", "a b", "'it''s':1A,2B fat:3", "'back\\\\slash'"],
    "tsquery": ["", "a & !b | c", "super:*A <2> 'a b'"],
    "txid_snapshot": ["1:1:", "10:20:10,14"],
    "pg_snapshot": ["1:1:", "10:20:10,14"],
    "int4range": [each.format("1", "5") for each in RANGES] + ["[-2147483648,2147483647)"],
    "int8range": [each.format("1", "5") for each in RANGES] + ["[-9223372036854775808,9223372036854775807)"],
    "numrange": [each.format("0.10", "5e40") for each in RANGES] + ["[-Infinity,NaN]"],
    "daterange": [each.format("4713-01-01 BC", "9999-12-31") for each in RANGES] + ["[-infinity,infinity]"],
    "tsrange": [each.format('"0044-03-15 00:00:00 BC"', '"294276-12-31 23:59:59.999999"') for each in RANGES],
    "tstzrange": [each.format('"2024-01-01 00:00:00.000001+05:30"', '"294276-12-31 23:59:59.999999Z"') for each in RANGES],
    "int4multirange": ["{}", "{[1,3),[5,9)}", "{(,0),[7,)}"],
    "int8multirange": ["{}", "{[1,3),[5,9)}"],
    "nummultirange": ["{}", "{[1.10,3),(5,9]}"],
    "datemultirange": ["{}", "{[2024-01-01,2024-02-01),[infinity,)}"],
    "tsmultirange": ["{}", '{["2024-01-01 00:00:00","2024-01-01 12:30:00.5"]}'],
    "tstzmultirange": ["{}", '{["2024-01-01 00:00:00+02","2024-01-01 12:30:00Z")}'],
    "information_schema.cardinal_number": ["0", "2147483647"],
    "information_schema.character_data": ["", "a"],
    "information_schema.sql_identifier": ["a", "n" * 63],
    "information_schema.time_stamp": ["2024-02-29 03:04:05.67+00", "infinity"],
    "information_schema.yes_or_no": ["YES", "NO"],
}

# Types that take no input: their values are made by the server for its own catalogs.
FROM_CATALOGS = {
    "pg_node_tree": "(SELECT ev_action FROM pg_rewrite WHERE length(ev_action::text) < 4000 ORDER BY oid LIMIT 1)",
    "pg_ndistinct": "(SELECT stxdndistinct FROM pg_statistic_ext_data)",
    "pg_dependencies": "(SELECT stxddependencies FROM pg_statistic_ext_data)",
    "pg_mcv_list": "(SELECT stxdmcv FROM pg_statistic_ext_data)",
}
STATISTICS = """
    CREATE TABLE public.counted AS SELECT i % 7 AS one, i % 7 / 2 AS other FROM generate_series(1, 1000) i;
    CREATE STATISTICS public.counts (ndistinct, dependencies, mcv) ON one, other FROM public.counted;
    ANALYZE public.counted;"""

# Types without a value that a table could hold.
WITHOUT_VALUES = {
    "gtsvector": "what a GiST index on tsvector stores: its input function refuses everything",
    "pg_brin_bloom_summary": "what a BRIN index stores: its input function refuses everything",
    "pg_brin_minmax_multi_summary": "what a BRIN index stores: its input function refuses everything",
}

# Types without a value whose arrays may be empty all the same.
WITHOUT_ELEMENTS = ["gtsvector"]

# {column's type: {SQL of a value that its landed type cannot hold: what is kept of it}}
OUTSIDE = {
    "numeric(12,2)": {"'NaN'": "NaN"},
    "numeric(38,38)": {"'NaN'": "NaN"},
    "timestamp without time zone": {"'294247-01-10 04:00:54.775807'": "294247-01-10 04:00:54.775807",
                                    "'294276-12-31 23:59:59.999999'": "294276-12-31 23:59:59.999999"},
    "timestamp with time zone": {"'294247-01-10 04:00:54.775807Z'": "294247-01-10 04:00:54.775807+00",
                                 "'294276-12-31 23:59:59.999999Z'": "294276-12-31 23:59:59.999999+00"},
}

# Types that weir reads in their binary form, where all columns of all tables are such.
BINARY = [
    "boolean", "bytea", "name", "smallint", "integer", "bigint", "text", "character varying", "character varying(5)",
    "character", "character(6)", "bpchar", "json", "jsonb", "real", "double precision", "date", "time without time zone",
    "time(0) without time zone", "timestamp without time zone", "timestamp(0) without time zone",
    "timestamp with time zone", "numeric", "numeric(12,2)", "numeric(18,0)", "numeric(38,0)", "numeric(38,10)",
    "numeric(38,38)", "numeric(60,2)", "numeric(39,0)", "numeric(5,-2)", "numeric(3,5)", "uuid",
    "information_schema.cardinal_number", "information_schema.time_stamp",
]

USER_TYPES = """
    CREATE SCHEMA types;
    CREATE SCHEMA "odd ""schema";
    CREATE TYPE "odd ""schema"."it's" AS ENUM ('', 'open', 'quo"te', 'it''s', 'back\\slash', 'Ünï', '{,}');
    CREATE DOMAIN types.dollars AS numeric(12,2) CHECK (value > -1000000);
    CREATE DOMAIN types.cents AS types.dollars;
    CREATE DOMAIN types.codes AS text[] CHECK (array_length(value, 1) < 9);
    CREATE DOMAIN types.state AS "odd ""schema"."it's";
    CREATE DOMAIN types.moment AS timestamp with time zone;
    CREATE TYPE types.pair AS (a integer, "b c" text);
    CREATE TYPE types.nested AS (p types.pair, ps types.pair[], d types.dollars, e "odd ""schema"."it's");
    CREATE TYPE types.floats AS RANGE (subtype = double precision, multirange_type_name = types.floats_set);
"""
USER_LITERALS = {
    '"odd ""schema"."it\'s"': ["", "open", 'quo"te', "it's", "back\\slash", "Ünï", "{,}"],
    "types.dollars": ["0", "-999999.99", "9999999999.99"],
    "types.cents": ["0.10", "-0.01"],
    "types.codes": ["{}", "[2:3]={a,NULL}", '{"a b","",NULL,"NULL","q\\"\\\\"}'],
    "types.state": ["", "it's"],
    "types.moment": ["0044-03-15 00:00:00Z BC", "infinity"],
    "types.pair": ["(,)", '(1,"")', '(-1,"q""\\\\, (x)")'],
    "types.nested": ["(,,,)", '("(1,a)","{""(1,b)"",NULL,""(,)""}",0.10,"quo""te")'],
    "types.floats": ["empty", "[-0,5e-324)", "(-Infinity,NaN]"],
    "types.floats_set": ["{}", "{[0.1,0.2),(1e300,Infinity]}"],
}
EXTENSION_LITERALS = {
    "hstore": {"hstore": ["", '"a"=>NULL, "b c"=>"d\\"e"', '""=>""']},
    "citext": {"citext": ["", "MiXeD", "é\n"]},
    "ltree": {"ltree": ["", "Top.Science"], "lquery": ["*.a{1,2}.b|c*", "!x"], "ltxtquery": ["a & !b*@"]},
    "cube": {"cube": ["(0)", "(1, 2),(3.5, -4)"]},
    "seg": {"seg": ["1.50", "0.1 .. 2e10", "~5"]},
    "isn": {"isbn13": ["978-0-393-04002-9"]},
}


def quoted_text(text):
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def expressions(literals):
    return {name: [f"{quoted_text(text)}::{name}" for text in texts] for name, texts in literals.items()}


# Values that no literal gives: text does not tell that a NaN has a sign, and '"char"' is a byte.
COMPUTED = {name: [f"-'NaN'::{name}", f"'Infinity'::{name} - 'Infinity'::{name}"] for name in ("real", "double precision")}
COMPUTED['"char"'] = ['(-1)::"char"', '(-128)::integer::"char"']


def random_number(random, before, after):
    digits = "".join(random.choices("0123456789", k=random.randint(1, before)))
    fraction = "".join(random.choices("0123456789", k=random.randint(0, after)))
    return random.choice(["", "-"]) + digits + ("." + fraction if fraction else "")


def random_moment(random):
    date = datetime.date.fromordinal(random.randint(1, 3652059))
    era = random.choice(["", " BC"]) if date.year <= 4713 and (date.month, date.day) != (2, 29) else ""
    return f"{date.year:04}-{date.month:02}-{date.day:02}", f"{random.randint(0, 23):02}:{random.randint(0, 59):02}:" \
        f"{random.randint(0, 59):02}.{random.randint(0, 999999):06}", era


def random_literal(random, name):
    """Makes a value of a type; None for types that only have chosen ones."""
    if name in INTEGERS:
        return str(random.randint(-1 << INTEGERS[name], (1 << INTEGERS[name]) - 1) >> random.randint(0, INTEGERS[name]))
    if name in WEIGHTS:
        return random_number(random, *WEIGHTS[name])
    if name in ("real", "double precision"):
        return f"{random.choice(['', '-'])}{random.random()}e{random.randint(-30, 30)}"
    date, time, era = random_moment(random)
    made = {"date": f"{date}{era}", "time without time zone": time, "timestamp without time zone": f"{date} {time}{era}",
            "timestamp with time zone": f"{date} {time}+{random.randint(0, 15):02}:{random.randint(0, 59):02}{era}",
            "time with time zone": f"{time}-{random.randint(0, 15):02}:{random.randint(0, 59):02}",
            "interval": f"{random.randint(-2000, 2000)} mons {random.randint(-99, 99)} days "
                        f"{random.choice(['', '-'])}{random.randint(0, 999)}:{time[3:]}",
            "money": random_number(random, 12, 2), "bytea": "\\x" + random.randbytes(random.randint(0, 40)).hex(),
            "uuid": random.randbytes(16).hex(), "text": "".join(chr(random.randint(1, 0x2FFF)) for _ in range(9)).replace("'", ""),
            "inet": ".".join(str(random.randint(0, 255)) for _ in range(4)) + f"/{random.randint(0, 32)}"}
    return made.get(name)


def with_generated(random, literals, count):
    """Adds as many generated values to each type that has them."""
    return {name: texts + [made for _ in range(count) if (made := random_literal(random, name)) is not None]
            for name, texts in literals.items()}
