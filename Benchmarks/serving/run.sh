#!/usr/bin/env bash
# Measures POST /predict of servers that run already, interleaved, and prints a table.
#
# usage: run.sh NAME=PORT [NAME=PORT …]
#   CONNECTIONS="1 16 64"  SECONDS_EACH=5  ROUNDS=3   (the best round by requests/s is printed)
#
# The peer:  python fastapi_peer.py --port 8001 [--workers 2]
# Martlet:   martlet serve NAME --port 8002
set -euo pipefail
[ $# -gt 0 ] || { sed -n '2,9p' "$0" | sed 's/^# \{0,1\}//'; exit 2; }
command -v wrk > /dev/null || { echo "wrk is missing; try: apt-get install wrk" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
results=$(mktemp)
trap 'rm -f "$results"' EXIT

for target in "$@"; do
  wrk -t1 -c4 -d2s -s "$here/predict.lua" "http://127.0.0.1:${target#*=}" > /dev/null # warm up
done
for ((round = 1; round <= ${ROUNDS:-3}; round++)); do
  for connections in ${CONNECTIONS:-1 16 64}; do
    for target in "$@"; do
      line=$(wrk -t1 -c"$connections" -d"${SECONDS_EACH:-5}s" -s "$here/predict.lua" "http://127.0.0.1:${target#*=}" | grep '^RESULT')
      echo "$connections ${target%%=*} ${line#RESULT }" >> "$results"
    done
  done
done

printf '%-12s %-20s %12s %10s %10s %10s %8s\n' connections server requests/s "p50 ms" "p99 ms" "p99.9 ms" errors
sort -k1,1n -k2,2 -k3,3nr "$results" | awk '!seen[$1 " " $2]++ { printf "%-12s %-20s %12s %10s %10s %10s %8s\n", $1, $2, $3, $4, $5, $6, $7 }'
