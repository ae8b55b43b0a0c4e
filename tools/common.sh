# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder, which source it.  Everything that is made goes below build/.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
cd "$ROOT"

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
unset PYTHONHOME PYTHONPATH

heading() { printf '\n=== %s\n' "$*"; }
stop() { echo "$*" >&2; exit 1; }

# need_packages REASON PACKAGE...: installs Debian packages, or says which ones are missing.
need_packages() {
  local reason=$1
  shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $* ($reason)"
    quietly apt_install "$@" || stop "could not install: $* (needed for $reason)"
  else
    stop "missing: $* (needed for $reason); install with: sudo apt-get install $*"
  fi
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends "$@" && return
  # The lists may be missing or out of date.
  apt-get update && apt-get install -y --no-install-recommends "$@"
}

# quietly COMMAND...: shows the output only of a command that fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1) || status=$?
  [ "$status" = 0 ] || printf '%s\n' "$output" >&2
  return "$status"
}

# --- Interpreters ---------------------------------------------------------------------

# Prints "3.11" for PYTHON, nothing if it does not run.
minor_version() {
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

# The interpreter to develop with: $PYTHON, else python3.
default_python() {
  local python=${PYTHON:-python3}
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    stop "$python is not CPython 3.10 or later; name one with PYTHON="
  echo "$python"
}

# The interpreter to measure with: $PYTHON, else the system's, which is built with PGO.
optimised_python() {
  local python=/usr/bin/python3
  if [ -z "${PYTHON:-}" ] && has_headers "$python" &&
    "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
  then
    echo "$python"
  else
    default_python
  fi
}

has_headers() {
  local include
  include=$("$1" -c 'import sysconfig; print(sysconfig.get_path("include"))' 2>/dev/null) &&
    [ -e "$include/Python.h" ]
}

# interpreter_of_version 3.x: pyenv's newest, else the one on PATH; fails if there is none.
interpreter_of_version() {
  local candidate
  for candidate in $(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python 2>/dev/null |
    sort -rV) "$(command -v "python$1" || true)"; do
    if [ -n "$candidate" ] && [ "$(minor_version "$candidate")" = "$1" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# --- Virtual environments and builds --------------------------------------------------

# make_venv DIR PYTHON GROUP...: DIR has an environment with these dependency groups.  It is
# made anew when the interpreter changes, and completed when pyproject.toml does.
make_venv() {
  local dir=$1 python=$2 wanted
  shift 2
  wanted="$("$python" -c 'import sys; print(sys.executable, sys.version)') $*"
  if [ "$(cat "$dir/interpreter" 2>/dev/null)" != "$wanted" ]; then
    make_bare_venv "$dir" "$python"
    echo "$wanted" >"$dir/interpreter"
  fi
  if ! cmp -s pyproject.toml "$dir/pyproject.toml"; then
    echo "installing requirements ($*) for Python $(minor_version "$python")"
    quietly "$dir/bin/python" -m pip install "${@/#/--group=}"
    cp pyproject.toml "$dir/pyproject.toml"
  fi
}

make_bare_venv() {
  local dir=$1 python=$2
  if [ "$python" -ef /usr/bin/python3 ]; then
    "$python" -c 'import ensurepip' 2>/dev/null ||
      need_packages "virtual environments" python3-venv
    has_headers "$python" || need_packages "building extension modules" python3-dev
  fi
  rm -rf "$dir"
  quietly "$python" -m venv "$dir"
  # Dependency groups came with pip 25.1.
  quietly "$dir/bin/python" -m pip install --upgrade 'pip>=25.1'
}

# install_project VENV BUILD_DIR CMAKE_DEFINE...: builds and installs the package; what is
# up to date in BUILD_DIR is not compiled again.
install_project() {
  local venv=$1 build_dir=$2 python=$1/bin/python
  shift 2
  echo "building for Python $(minor_version "$python")"
  PATH=$(cd "$venv/bin" && pwd):$PATH quietly "$python" -m pip install \
    --no-deps --no-build-isolation --force-reinstall \
    --config-settings=build-dir="$build_dir" "${@/#/--config-settings=cmake.define.}" .
}
