#!/usr/bin/env bash
# Builds for Debian's debug interpreter, which counts all references, and runs refleaks.py
# and the tests of leaks.
source "$(dirname "$0")/common.sh"

python=${PYTHON:-/usr/bin/python3-dbg}
[ -x "$python" ] || need_packages "counting references" python3-dbg python3-dev python3-venv
"$python" -c 'import sys; sys.gettotalrefcount' || stop "$python is not a debug build"

venv=$BUILD/venv-refleaks
make_venv "$venv" "$python" build suite
install_project "$venv" "$BUILD/cmake-refleaks" CPPICKLE_WERROR=ON CMAKE_BUILD_TYPE=Debug
"$venv/bin/python" tools/refleaks.py "$@"
if compgen -G 'tests/leaks/test_*.py' >/dev/null; then
  "$venv/bin/python" -m pytest -q tests/leaks
fi
