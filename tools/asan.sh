#!/usr/bin/env bash
# Runs the suites under the address and undefined-behaviour sanitizers: $CXX (g++ or clang++),
# $PYTHON.  Arguments go to pytest; after --fuzz NAME, to that fuzzer instead.
source "$(dirname "$0")/common.sh"

export CXX=${CXX:-g++}
python=$(default_python)
tag=$(minor_version "$python")
venv=$BUILD/venv-asan-$tag
sanitize="CPPICKLE_SANITIZE=address,undefined"

# The interpreter is not instrumented: the runtime has to be there before it.  So has the
# C++ library, in which the runtime looks up what exceptions are thrown with.
runtime=$("$CXX" -print-file-name=libasan.so)
if "$CXX" --version | grep -q clang; then
  runtime=$("$CXX" -print-file-name="libclang_rt.asan-$(uname -m).so")
fi
[ -e "$runtime" ] || stop "$CXX has no address sanitizer: $runtime not found"
standard_library=$("$CXX" -print-file-name=libstdc++.so)

run=(pytest --numprocesses "$(nproc)" --dist worksteal)
if [ "${1:-}" = --fuzz ]; then
  run=("fuzz.$2")
  shift 2
else
  heading "GoogleTest under sanitizers: src/core"
  tools/core_tests.sh "$BUILD/core-tests-asan-$(basename "$CXX")" "-D$sanitize" \
    -DCMAKE_BUILD_TYPE=Debug
fi

heading "${run[0]} under sanitizers: Python $tag"
make_venv "$venv" "$python" test
install_project "$venv" "$BUILD/cmake-asan-$(basename "$CXX")-$tag" "$sanitize" \
  CPPICKLE_WERROR=ON CMAKE_BUILD_TYPE=RelWithDebInfo

# The interpreter itself leaves memory at its end, so leaks are the business of refleaks.sh.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}
export PYTHONMALLOC=malloc
LD_PRELOAD="$(readlink -f "$runtime") $(readlink -f "$standard_library")" \
  "$venv/bin/python" -m "${run[@]}" "$@"
