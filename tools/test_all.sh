#!/usr/bin/env bash
# Builds and tests with every supported interpreter of this machine, but for the version
# $ALREADY_TESTED.
source "$(dirname "$0")/common.sh"

summary=()
failed=0
for version in 3.10 3.11 3.12 3.13; do
  if [ "$version" = "${ALREADY_TESTED:-}" ]; then
    summary+=("CPython $version: tested before")
  elif ! python=$(interpreter_of_version "$version"); then
    echo "skipped: CPython $version not found"
    summary+=("CPython $version: skipped")
  elif PYTHON=$python tools/test.sh -q "$@"; then
    summary+=("CPython $version: passed")
  else
    summary+=("CPython $version: FAILED")
    failed=1
  fi
done

heading "summary"
printf '%s\n' "${summary[@]}"
exit "$failed"
