#!/usr/bin/env bash
# Runs two_appenders in a folder of its own: in memory where there is /dev/shm, since processes die
# here and machines do not. ./dev test --full runs more rounds.
set -euo pipefail
[ "${WEIR_TEST_FULL:-}" != 1 ] || export WEIR_TEST_ROUNDS="${WEIR_TEST_ROUNDS:-500}"
base=$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")
folder=$(mktemp -d "$base/weir-XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$1" "$folder"
