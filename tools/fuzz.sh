#!/usr/bin/env bash
# Looks for cached expansions that are stale, for five minutes or as ARGUMENT says: see
# `python -m fuzz.cached_expansions --help`.  $PYTHON chooses the interpreter.
source "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || set -- --dumps 10000000 --seconds 300 --seed "$RANDOM"
python=$(default_python)
tag=$(minor_version "$python")
venv=$BUILD/venv-$tag
make_venv "$venv" "$python" test
install_project "$venv" "$BUILD/cmake-$tag" CPPICKLE_WERROR=ON
# Sets are in the same order when a case runs again.
export PYTHONHASHSEED=${PYTHONHASHSEED:-0}
exec nice "$venv/bin/python" -X faulthandler -m fuzz.cached_expansions "$@"
