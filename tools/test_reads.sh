#!/usr/bin/env bash
# Shows that the check of recordings reads all that the reducers read: builds with a log
# of reads, runs the tests that compare, and the fuzzer for half a minute.  Arguments go
# to the fuzzer; $PYTHON chooses the interpreter.
source "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || set -- --dumps 10000000 --seconds 30 --seed "$RANDOM"
python=$(default_python)
tag=$(minor_version "$python")
venv=$BUILD/venv-reads-$tag
make_venv "$venv" "$python" test
install_project "$venv" "$BUILD/cmake-reads-$tag" CPPICKLE_WERROR=ON CPPICKLE_LOG_READS=ON

heading "pytest with a log of reads: Python $tag"
"$venv/bin/python" -m pytest --numprocesses "$(nproc)" --dist worksteal \
  tests/by_value/test_reads.py tests/by_value/test_cached_expansions.py \
  tests/by_value/test_shared_namespaces.py

heading "the fuzzer with a log of reads"
export PYTHONHASHSEED=${PYTHONHASHSEED:-0}
exec nice "$venv/bin/python" -X faulthandler -m fuzz.cached_expansions "$@"
