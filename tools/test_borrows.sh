#!/usr/bin/env bash
# Shows that nobody else's code runs while the engine holds pointers to objects without
# references: a build that ends the process where it does, and a suite in which Python code
# runs whenever the garbage collector may.  Arguments go to pytest; $PYTHON chooses the
# interpreter: before 3.12 the collector runs at any allocation, later between bytecodes.
source "$(dirname "$0")/common.sh"

python=$(default_python)
tag=$(minor_version "$python")
venv=$BUILD/venv-borrows-$tag
make_venv "$venv" "$python" test
install_project "$venv" "$BUILD/cmake-borrows-$tag" CPPICKLE_WERROR=ON CPPICKLE_CHECK_BORROWS=ON

[ $# -gt 0 ] || set -- tests/by_value tests/pickler tests/format tests/native tests/compat
heading "pytest with a check of borrows: Python $tag"
exec "$venv/bin/python" -m pytest --numprocesses "$(nproc)" --dist worksteal "$@"
