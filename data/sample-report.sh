#!/usr/bin/env bash
# sample-report.sh FOLDER: what the window does with the sample, headless: explains, prunes, prints the table, writes the figures
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cli=${ESPALIER_CLI:-$here/../build/app/espalier-cli}
folder=$1
sample=$folder/sample

mkdir -p "$folder"
[ -f "$sample/sample.cfg" ] || "$cli" sample "$sample"
network="$sample/sample.cfg $sample/sample.weights"
picture=$(head -n 1 "$sample/$(sed -n 's/^valid = //p' "$sample/sample.data")")
case $picture in /*) ;; *) picture=$sample/$picture ;; esac

number() { sed -n "s/.*\"$1\" *: *\([-0-9.e]*\).*/\1/p" | head -n 1; }

row() { # title cfg weights
  local total measured
  total=$("$cli" info "$2" | tail -n 1)
  measured=$("$cli" evaluate "$2" "$3" "$sample/sample.data" --json --quiet)
  printf '%-22s %8.2f %10d %10s %12d\n' "$1" "$(printf '%s' "$measured" | number map | awk '{ print 100 * $1 }')" \
    "$(printf '%s' "$total" | sed 's/.*: \([0-9]*\) parameters.*/\1/')" "$(printf '%s' "$total" | sed 's/.* \([0-9.]*\) BFLOPs.*/\1/')" \
    "$(printf '%s' "$total" | sed 's/.*(\([0-9]*\) bytes).*/\1/')"
}

"$cli" attribute $network "$picture" --method gradient-activation --target box:1 --names "$sample/sample.names" --output "$folder/explained" --quiet >/dev/null
"$cli" prune $network --plan "$sample/plan.json" --output "$folder/pruned" --quiet >/dev/null
"$cli" prune $network --criterion random --ratio 0.4 --output "$folder/random" --quiet >/dev/null

{
  printf '%-22s %8s %10s %10s %12s\n' network 'mAP %' parameters BFLOPs 'file bytes'
  row 'sample' $network
  row 'pruned by its plan' "$folder/pruned/pruned.cfg" "$folder/pruned/pruned.weights"
  row '40 % cut at random' "$folder/random/pruned.cfg" "$folder/random/pruned.weights"
} | tee "$folder/table.txt"
printf 'Figures and networks are in %s.\n' "$folder"
