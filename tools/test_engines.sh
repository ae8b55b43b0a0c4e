#!/usr/bin/env bash
# Runs the tests of tests/engines/ on real clusters of this machine, each engine in an
# environment of its own.  Usage: test_engines.sh [ENGINE...]   (default: all)
source "$(dirname "$0")/common.sh"
source "$ROOT/tools/engines.sh"

SECONDS_EACH=240

# tests_of ENGINE: runs them, within a time limit.
tests_of() {
  local engine=$1 python run files
  python=$(engine_dir "$engine")/bin/python
  run=("$python")
  if [ "$engine" = mpi ]; then # the ranks but one serve mpi4py.futures
    run=(mpirun --allow-run-as-root --oversubscribe -n 3 "$python" -m mpi4py.futures)
  fi
  files=("tests/engines/test_${engine%-old}.py")
  case $engine in
    processes | joblib | dask | ray | spark) files+=(tests/engines/test_quickstart.py) ;;
  esac
  CPPICKLE_ENGINE=$engine timeout --kill-after=30 "$SECONDS_EACH" \
    "${run[@]}" -m pytest -q --color=no -p no:cacheprovider \
    "${files[@]}"
}

[ $# -gt 0 ] || set -- "${ENGINES[@]}"
build_wheel
summary=()
failed=0
for engine in "$@"; do
  heading "$engine"
  log=$BUILD/engines/$engine.log
  start=$SECONDS
  if ! engine_venv "$engine" >"$log" 2>&1; then
    summary+=("$engine: skipped, it cannot be installed ($log says why)")
  elif tests_of "$engine" >"$log" 2>&1; then
    summary+=("$engine: $(tail -n 1 "$log" | tr -d =), $((SECONDS - start)) s in all")
  else
    tail -n 60 "$log"
    summary+=("$engine: FAILED")
    failed=1
  fi
  echo "${summary[-1]}"
done

heading "summary"
printf '%s\n' "${summary[@]}"
exit "$failed"
