#!/bin/sh
# make.sh FOLDER [ESPALIER-CLI]: makes the sample's network anew from its cfg and a seed
#
# Draws scenes to train on and to choose by, trains from random numbers, and measures on 4,000 scenes that nothing was chosen by. What
# ships as sample.weights and log.jsonl is what this left with the seed 1 and two threads; a second run with the same kernels gave the same
# bytes, newer kernels sum in another order and give others.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
cli=${2:-$here/../../build/app/espalier-cli}
"$cli" sample "$folder/scenes" --orchard --train 2400 --val 400 --seed 1
"$cli" train "$here/sample.cfg" "$folder/scenes/sample.data" --epochs 30 --ema 0.998 --seed 1 --threads 2 --output "$folder/run"
"$cli" sample "$folder/test" --orchard --test 4000 --seed 1
"$cli" evaluate "$here/sample.cfg" "$folder/run/best.weights" "$folder/test/sample.data" --split test
