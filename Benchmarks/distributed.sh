#!/usr/bin/env bash
# What data-parallel training costs: one process with one thread, two that know nothing of each other (what the machine could give at best),
# and two that train together, each with batch statistics of its own (as PyTorch's do) and with joint ones (the default here: the losses of
# one process). Run it on a quiet machine after `swift build -c release`.
# usage: Benchmarks/distributed.sh [ROUNDS] [PROCESSES]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
processes=${2:-2}
bench=${BENCH:-.build/release/martlet-bench}
martlet=${MARTLET:-.build/release/martlet}
export OMP_NUM_THREADS=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

rate() { sed -n 's/.*items per second": *\([0-9.]*\).*/\1/p' "$@"; }

for round in $(seq "$rounds"); do
  "$bench" distributed > "$folder/alone.$round"
  for number in $(seq "$processes"); do "$bench" distributed > "$folder/apart.$round.$number" & done
  wait
  "$martlet" launch --processes "$processes" -- "$bench" distributed > "$folder/together.$round"
  "$martlet" launch --processes "$processes" -- "$bench" distributed local > "$folder/local.$round"
done
alone=$(rate "$folder"/alone.* | sort -n | tail -1)
apart=$(for round in $(seq "$rounds"); do rate "$folder"/apart."$round".* | awk '{ sum += $1 } END { print sum }'; done | sort -n | tail -1)
local=$(rate "$folder"/local.* | sort -n | tail -1)
together=$(rate "$folder"/together.* | sort -n | tail -1)
awk -v n="$processes" -v a="$alone" -v b="$apart" -v c="$together" -v d="$local" 'BEGIN {
  printf "one process, one thread:        %8.0f items/s\n", a
  printf "%d processes apart:              %8.0f items/s  %.2f of %d times one\n", n, b, b / (n * a), n
  printf "%d processes together:           %8.0f items/s  %.2f of %d times one, %.2f of apart\n", n, d, d / (n * a), n, d / b
  printf "  with joint batch norm:        %8.0f items/s  %.2f of %d times one, %.2f of apart\n", c, c / (n * a), n, c / b
}'
