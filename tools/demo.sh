#!/usr/bin/env bash
# Runs the main job.  Usage: demo.sh ENGINE ARGUMENT...   (ENGINE empty: a bare interpreter)
source "$(dirname "$0")/common.sh"

engine=$1
shift
[ -n "$engine" ] || exec tools/run.sh demo examples/quickstart.py "$@"

source "$ROOT/tools/engines.sh"
case $engine in
  processes | joblib | dask | ray | spark) ;;
  *) stop "no such engine: $engine (processes, joblib, dask, ray or spark)" ;;
esac
build_wheel
engine_venv "$engine" || stop "$engine cannot be installed"
exec "$(engine_dir "$engine")/bin/python" examples/quickstart.py --engine "$engine" "$@"
