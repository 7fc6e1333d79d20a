"""Canonical text in Python: digests and fingerprints of rows that are given as PostgreSQL's own text.

Written from docs/formats/canonical_text.md and sharing no code with src/reconcile nor with fingerprint.py's SQL.
The texts are those of a session under that page's settings (fingerprint.POSTGRES_SETTINGS).
"""

import hashlib
import struct


def moment(value):
    """The text of a timestamp or, when UTC is the session's zone, of a timestamptz."""
    if value.endswith("infinity"):
        return value
    value, era = (value[:-3], " BC") if value.endswith(" BC") else (value, "")
    whole, _, fraction = value.removesuffix("+00").partition(".")
    return f"{whole}.{fraction:0<6}{era}"


def value_text(landed_type, value):
    """The canonical text of one value that is not null."""
    if landed_type == "bool":
        return value[0]
    if landed_type == "float32":
        return struct.pack(">f", float(value)).hex()
    if landed_type == "float64":
        return struct.pack(">d", float(value)).hex()
    if landed_type == "bytes":
        return value.removeprefix("\\x")
    if landed_type == "time":
        whole, _, fraction = value.partition(".")
        return f"{whole}.{fraction:0<6}"
    if landed_type in ("timestamp", "timestamptz"):
        return moment(value)
    return value


def digest(columns, row):
    """MD5 of a row, {column: text or None}; a column that it lacks is null."""
    parts = []
    for name, landed_type in columns:
        value = row.get(name)
        if value is None:
            parts.append("\\N")
        else:
            parts.append(value_text(landed_type, value).replace("\\", "\\\\").replace("|", "\\|"))
    return hashlib.md5("|".join(parts).encode()).hexdigest()


def fingerprint(digests):
    """Returns count, low and high of the rows with these digests."""
    count = low = high = 0
    for each in digests:
        count += 1
        low += int(each[:15], 16)
        high += int(each[15:30], 16)
    return count, low, high
