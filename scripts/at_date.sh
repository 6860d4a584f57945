#!/usr/bin/env bash
# Runs a command, and all that it starts, as if today were another day: scripts/at_date.sh 2032-02-29 make demo
# Needs a C compiler. What holds on no day but today's is found here, years before it fails.
set -euo pipefail
day=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cc -shared -fPIC -O2 -o "$folder/at_date.so" "$(dirname "$0")/at_date.c" -ldl
AT_DATE_SECONDS=$(($(date --date="$day 10:00" +%s) - $(date +%s)))
export AT_DATE_SECONDS
LD_PRELOAD="$folder/at_date.so" "$@"
