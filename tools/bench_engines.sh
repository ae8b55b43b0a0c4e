#!/usr/bin/env bash
# Measures on engines, with cloudpickle and with cppickle.  Usage: bench_engines.sh [ENGINE...]
source "$(dirname "$0")/common.sh"
source "$ROOT/tools/engines.sh"

[ $# -gt 0 ] || set -- processes joblib dask ray spark
build_wheel
for engine in "$@"; do
  engine_venv "$engine" || { echo "skipped: $engine cannot be installed"; continue; }
  timeout --kill-after=30 900 "$(engine_dir "$engine")/bin/python" \
    -m benchmarks.engines "$engine"
done
