#!/usr/bin/env bash
# Builds and tests with one interpreter: $PYTHON, else python3.  Arguments go to pytest.
# $TEST_GROUPS are the dependency groups to install.  A process for each processor runs tests.
source "$(dirname "$0")/common.sh"

python=$(default_python)
tag=$(minor_version "$python")
venv=$BUILD/venv-$tag

heading "GoogleTest: src/core"
tools/core_tests.sh "$BUILD/core-tests"

heading "pytest: Python $tag"
# shellcheck disable=SC2086
make_venv "$venv" "$python" ${TEST_GROUPS:-test}
install_project "$venv" "$BUILD/cmake-$tag" CPPICKLE_WERROR=ON
"$venv/bin/python" -m pytest --numprocesses "$(nproc)" --dist worksteal "$@"
