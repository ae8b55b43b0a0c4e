#!/usr/bin/env bash
# Checks formatting, style and types, each with a pinned tool.  With --fix it formats instead.
source "$(dirname "$0")/common.sh"

venv=$BUILD/venv-lint
make_venv "$venv" "$(default_python)" lint
bin=$venv/bin

folders=()
for folder in src tests fuzz benchmarks; do
  [ -d "$folder" ] && folders+=("$folder")
done
mapfile -d '' cxx < <(find "${folders[@]}" \( -name '*.h' -o -name '*.cc' \) -print0)

if [ "${1:-}" = --fix ]; then
  "$bin/clang-format" -i "${cxx[@]}"
  "$bin/ruff" check --fix .
  "$bin/ruff" format .
  exit
fi

failed=()
check() {
  local name=$1
  shift
  echo "$name"
  "$@" || failed+=("$name")
}
check clang-format "$bin/clang-format" --dry-run --Werror "${cxx[@]}"
check "ruff check" "$bin/ruff" check --quiet .
check "ruff format" "$bin/ruff" format --check --quiet .
check mypy "$bin/mypy"
[ ${#failed[@]} = 0 ] || stop "failed: ${failed[*]} (make format may help)"
