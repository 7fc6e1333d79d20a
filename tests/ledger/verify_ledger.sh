#!/usr/bin/env bash
# verify_ledger.sh MAKE_LEDGER GO VERIFIER: Go agrees with the ledgers that weir makes, at sizes
# below, at and above a full tile, and finds a changed entry and a changed tile.
set -euo pipefail
base=$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")
folder=$(mktemp -d "$base/weir-XXXXXX")
trap 'rm -rf "$folder"' EXIT
(cd "$3" && "$2" build -o "$folder/verify_ledger" .)

judge() { "$folder/verify_ledger" "$1" "$(cat "$1/verifier.key")"; }

for appends in 0 1 101 102 103 260; do
  "$1" "$folder/$appends" "$appends"
  judge "$folder/$appends"
done
judge "$folder/260" | grep -q '^size=652 '

for file in tile/entries/001 tile/0/000 tile/1/000.p/2; do
  cp -r "$folder/260" "$folder/changed"
  printf 'X' | dd of="$folder/changed/ledger/$file" bs=1 seek=40 conv=notrunc status=none
  if judge "$folder/changed"; then
    echo "a change of $file was not found"
    exit 1
  fi
  rm -rf "$folder/changed"
done
