#!/usr/bin/env bash
# Builds and runs the GoogleTest suites.  Usage: core_tests.sh BUILD_DIR [-D...]
source "$(dirname "$0")/common.sh"

build_dir=$1
shift
has_gtest() { echo '#include <gtest/gtest.h>' | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1; }
has_gtest || need_packages GoogleTest libgtest-dev

quietly cmake -S . -B "$build_dir" -DCPPICKLE_PYTHON=OFF -DCPPICKLE_TESTS=ON \
  -DCPPICKLE_WERROR=ON "$@"
quietly cmake --build "$build_dir"
quietly ctest --test-dir "$build_dir" --output-on-failure --no-tests=error
ctest --test-dir "$build_dir" -N | tail -1
