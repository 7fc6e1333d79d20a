#!/usr/bin/env python3
"""Checks a receipt of weir (docs/formats/receipt.md) offline, with nothing but Python 3.8 or later.

    verify_receipt.py RECEIPT [FILE] [--key KEY]

FILE is the file that the receipt is of: its bytes are compared with the receipt. KEY is the ledger's verifier key (or
a file that holds it), of today or of any time before, and comes from somebody you trust, not from the receipt.
Exit code 0: everything holds. 1: it does not, and the reason is on standard error.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import sys

FORMAT = "weir receipt v1"
PROOF = "c2sp.org/tlog-proof@v1"
ROTATION = "weir ledger key rotation v1"
DASH = "\u2014 "


class Wrong(Exception):
    """What a receipt or a file is not."""


def require(holds, reason):
    if not holds:
        raise Wrong(reason)


# Ed25519 (RFC 8032, 5.1.7), from its definition: slow, and without a package to trust.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    require(y < P and (x * x - square) % P == 0 and not (x == 0 and sign), "a signature or key is no point of the curve")
    return P - x if x % 2 != sign else x


def decode_point(data):
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    x = recover_x(y, number >> 255)
    return x, y, 1, x * y % P


def add_points(left, right):
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = 2 * left[3] * right[3] * D % P
    d = 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add_points(total, point)
        point = add_points(point, point)
        scalar >>= 1
    return total


BASE = (recover_x(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)
BASE = (BASE[0], BASE[1], 1, BASE[0] * BASE[1] % P)


def verifies(key, text, signature):
    """Returns whether `signature` is that of the key for these bytes."""
    require(len(key) == 32 and len(signature) == 64, "a key or signature has another size")
    scalar = int.from_bytes(signature[32:], "little")
    if scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    left = multiply(scalar, BASE)
    right = add_points(decode_point(signature[:32]), multiply(challenge, decode_point(key)))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# The notation of C2SP: keys, signed notes, checkpoints, proofs.

def decode(text):
    """Decodes base64 that has one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong("a text is no base64") from error
    require(base64.b64encode(data).decode() == text, "a text is no canonical base64")
    return data


class Key:
    """A verifier key: name+id+base64."""

    def __init__(self, text):
        parts = text.split("+", 2)
        require(len(parts) == 3 and parts[0], "the verifier key is not written as name+id+base64")
        self.text, self.name = text, parts[0]
        typed = decode(parts[2])
        require(len(typed) == 33 and typed[0] == 1, "the verifier key is no Ed25519 key")
        self.bytes = typed[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        require(self.id.hex() == parts[1], "the verifier key's id does not fit it")

    def require_signature(self, text, signature):
        require(verifies(self.bytes, text.encode(), signature), "a signature does not fit its text")


def number(text):
    require(text.isascii() and text.isdigit() and str(int(text)) == text, "a number is no plain decimal")
    return int(text)


def open_checkpoint(note, key):
    """Returns size and root of a checkpoint that this key, and nobody else, has signed."""
    lines = note.split("\n")
    require(len(lines) == 6 and lines[3] == lines[5] == "", "the checkpoint has not three lines and one signature")
    require(lines[0] == key.name, "the checkpoint is of another ledger than the key")
    require(lines[4].startswith(f"{DASH}{key.name} "), "the checkpoint is signed by another key")
    signature = decode(lines[4][len(f"{DASH}{key.name} "):])
    require(signature[:4] == key.id, "the checkpoint is signed by another key")
    key.require_signature("\n".join(lines[:3]) + "\n", signature[4:])
    root = decode(lines[2])
    require(len(root) == 32, "the checkpoint's root is no hash")
    return number(lines[1]), root


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(entry, index, size, path):
    """Returns the root to which the path leads from an entry (RFC 9162, 2.1.3.2)."""
    require(index < size, "the proof's index is past the checkpoint")
    root, last = hashlib.sha256(b"\x00" + entry.encode()).digest(), size - 1
    for sibling in path:
        require(last > 0, "the proof is too long")
        if index % 2 or index == last:
            root = node(sibling, root)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            root = node(root, sibling)
        index, last = index >> 1, last >> 1
    require(last == 0, "the proof is too short")
    return root


def open_proof(text):
    """Returns index, path and checkpoint of a tlog-proof."""
    head, blank, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    require(bool(blank) and lines[0] == PROOF and len(lines) > 1 and lines[1].startswith("index "), "a proof is no tlog-proof")
    path = [decode(line) for line in lines[2:]]
    require(all(len(each) == 32 for each in path), "a hash of a proof has not 32 bytes")
    return number(lines[1][len("index "):]), path, checkpoint


# Receipts.

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read_json(text, what):
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"{what} is no JSON") from error
    require(canonical(value) == text, f"{what} is not in canonical form")
    return value


def read_receipt(text):
    require(text.endswith("\n"), "the receipt does not end in a newline")
    receipt = read_json(text[:-1], "the receipt")
    require(isinstance(receipt, dict)
            and set(receipt) == {"entries", "format", "manifest", "subject", "verifier_key"}
            and receipt["format"] == FORMAT, f"the file is no {FORMAT}")
    require(set(receipt["subject"]) in ({"cut"}, {"bytes", "path", "sha256"}), "the receipt's subject is neither a cut nor a file")
    require(all(set(each) == {"entry", "proof"} for each in receipt["entries"]), "an entry of the receipt has other fields")
    return receipt


def prove_entries(receipt, key):
    """Returns [(index, entry)], the size and the checkpoint; every one is in the tree of that checkpoint."""
    proven, checkpoints = [], set()
    for each in receipt["entries"]:
        index, path, checkpoint = open_proof(each["proof"])
        checkpoints.add(checkpoint)
        size, root = open_checkpoint(checkpoint, key)
        require(root_of(each["entry"], index, size, path) == root, f"entry {index} is not in the log: its proof does not lead to the root")
        proven.append((index, read_json(each["entry"], f"entry {index}")))
    require(len(checkpoints) == 1, "the proofs have not one checkpoint")
    indexes = [index for index, _ in proven]
    require(indexes == sorted(set(indexes)), "the entries are not in order")
    return proven, size


def follow_keys(changes, key, trusted):
    """The receipt's key is the last one of a chain that has the trusted key in it."""
    chain = [changes[0]["before"] if changes else key.text]
    for change in changes:
        require(change["before"] == chain[-1], "a key change does not begin with the key that signs")
        text = f"{ROTATION}\n{change['before']}\n{change['after']}\n"
        for side in ("before", "after"):
            Key(change[side]).require_signature(text, decode(change[f"{side}_signature"]))
        require(Key(change["before"]).name == Key(change["after"]).name, "a key change is of two ledgers")
        chain.append(change["after"])
    require(chain[-1] == key.text, "the last key of the receipt's entries is not the one that signs")
    require(trusted is None or trusted.text in chain, "the receipt is signed by another key, and its entries do not lead there from yours")


def names_cut(entry, cut, attempt):
    if entry["kind"] == "cuts loaded":
        return entry["from"] < cut <= entry["to"]
    if entry["kind"] == "chunk landed":
        return attempt is not None and entry["attempt"] == attempt
    return entry.get("cut") == cut


def check_cut(entries, cut):
    landed = [entry for _, entry in entries if entry["kind"] == "cut landed" and entry["cut"] == cut]
    require(len(landed) == 1, f"no entry says that cut {cut} landed")
    for index, entry in entries:
        require(names_cut(entry, cut, landed[0]["snapshot_attempt"]), f"entry {index} is not about cut {cut}")


def files_of(entry, manifest):
    """Yields what the entry names, as a receipt writes it."""
    for field, end in (("files", ".parquet"), ("quarantine", ".parquet.sealed")):
        files = entry.get(field, [])
        if isinstance(files, dict):
            if manifest is None or hashlib.sha256(manifest.encode()).hexdigest() != files["manifest"]:
                continue
            files = json.loads(manifest)
        elif manifest is not None:
            continue
        for file in files:
            path = f"{file['path']}-e{entry['run']['epoch']}{end}"
            yield {"bytes": file["bytes"], "path": path, "sha256": file["sha256"]}


def check_file(entries, subject, manifest):
    require(len(entries) == 1, "the receipt of a file has not one entry that names it")
    require(subject in files_of(entries[0][1], manifest), "the receipt's entry does not name its file")


def check_bytes(path, subject):
    require("sha256" in subject, "the receipt is of a cut; give no file")
    hashed, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            hashed.update(piece)
            size += len(piece)
    require((hashed.hexdigest(), size) == (subject["sha256"], subject["bytes"]), "the file has not the bytes that were committed")


def check_receipt(text, trusted=None):
    """Returns the receipt, its [(index, entry)] and the checkpoint's size, or raises Wrong."""
    receipt = read_receipt(text)
    try:
        key = Key(receipt["verifier_key"])
        proven, size = prove_entries(receipt, key)
        follow_keys([entry for _, entry in proven if entry["kind"] == "key rotated"], key, trusted)
        entries = [(index, entry) for index, entry in proven if entry["kind"] != "key rotated"]
        if "cut" in receipt["subject"]:
            require(receipt["manifest"] is None, "the receipt of a cut has a manifest")
            check_cut(entries, receipt["subject"]["cut"])
        else:
            check_file(entries, receipt["subject"], receipt["manifest"])
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Wrong("a field of the receipt or of an entry is missing or of another type") from error
    return receipt, entries, size


def read_text(path):
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Wrong(f"{path} is no text") from error


def describe(receipt, entries, size):
    subject = receipt["subject"]
    what = f"cut {subject['cut']}" if "cut" in subject else f"{subject['path']}, {subject['bytes']} bytes, sha256 {subject['sha256']}"
    yield f"proven: {what}"
    for index, entry in entries:
        yield f"  entry {index}  {entry['run']['time']}  {entry['kind']}"
    yield f"in the ledger {receipt['verifier_key'].split('+')[0]} of {size} entries"


def main(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("receipt", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path, nargs="?", help="the file that the receipt is of")
    parser.add_argument("--key", help="the ledger's verifier key, or a file that holds it")
    options = parser.parse_args(words)
    try:
        key = options.key
        if key is not None and pathlib.Path(key).is_file():
            key = read_text(pathlib.Path(key)).strip()
        receipt, entries, size = check_receipt(read_text(options.receipt), Key(key) if key is not None else None)
        if options.file is not None:
            check_bytes(options.file, receipt["subject"])
    except (Wrong, OSError) as error:
        print(f"verify_receipt: {error}", file=sys.stderr)
        return 1
    print("\n".join(describe(receipt, entries, size)))
    if key is None:
        print(f"signed by {receipt['verifier_key']}: compare it with the key that you have from elsewhere, or give --key")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
