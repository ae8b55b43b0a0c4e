#!/usr/bin/env bash
# Runs the test suite of cloudpickle, unmodified, with cppickle under its name: with every
# CPython from 3.10 to 3.13 that is found, or with $PYTHON.  Arguments go to pytest.
#
# The suite is that of Debian's source package, fetched into build/; a folder that holds
# cloudpickle's `tests` may be named by CLOUDPICKLE_SOURCE instead.
source "$(dirname "$0")/common.sh"

VERSION=3.1.2
SUITE=$BUILD/upstream/cloudpickle-$VERSION

# The archive of the source package, downloaded without a change of the system's lists.
download_source() {
  local mirror scratch options
  command -v apt-get >/dev/null || stop "no apt-get: name a folder with CLOUDPICKLE_SOURCE"
  mirror=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' | sort -u |
    grep -v security | head -1)
  [ -n "$mirror" ] || stop "apt knows no mirror of Debian"
  scratch=$(mktemp -d)
  mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
  echo "deb-src [trusted=yes check-valid-until=no] $mirror forky main" >"$scratch/s.list"
  options=(-o "Dir::Etc::sourcelist=$scratch/s.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$scratch/lists" -o "Dir::Cache=$scratch/cache")
  quietly apt-get "${options[@]}" update
  (cd "$1" && quietly apt-get "${options[@]}" source --download-only --tar-only cloudpickle)
  rm -rf "$scratch"
}

# SUITE/tests, and nothing beside it: what is called cloudpickle must be cppickle.
make_suite() {
  local archive
  rm -rf "$SUITE"
  mkdir -p "$SUITE"
  if [ -n "${CLOUDPICKLE_SOURCE:-}" ]; then
    cp -r "$CLOUDPICKLE_SOURCE/tests" "$SUITE/tests"
    return
  fi
  archive=$BUILD/upstream/cloudpickle_$VERSION.orig.tar.gz
  [ -e "$archive" ] || download_source "$BUILD/upstream"
  [ -e "$archive" ] || stop "Debian has another version of cloudpickle than $VERSION"
  tar -xf "$archive" -C "$SUITE" --strip-components=1 --wildcards '*/tests/*'
}

# An environment in which `import cloudpickle` finds the shim of cppickle, in children too.
prepare() {
  local venv=$1 python=$2 site
  make_venv "$venv" "$python" build upstream
  install_project "$venv" "$BUILD/cmake-$(minor_version "$python")" CPPICKLE_WERROR=ON
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  (cd "$BUILD" && "$venv/bin/python" -m cppickle.preload --path) >"$site/cloudpickle.pth"
  cp -r "$SUITE/tests/cloudpickle_testpkg/_cloudpickle_testpkg" "$site/"
  (cd "$SUITE" && "$venv/bin/python" -c '
import cloudpickle, cppickle
assert cloudpickle.Pickler is cppickle.Pickler, cloudpickle') ||
    stop "cloudpickle is not cppickle there"
}

run_suite() {
  local venv=$1
  shift
  (cd "$SUITE" && "$venv/bin/python" -m pytest -s -q -p no:cacheprovider tests "$@")
}

make_suite
pythons=()
[ -z "${PYTHON:-}" ] || pythons=("$PYTHON")
for version in 3.10 3.11 3.12 3.13; do
  [ -z "${PYTHON:-}" ] || break
  if python=$(interpreter_of_version "$version"); then
    pythons+=("$python")
  else
    echo "skipped: CPython $version not found"
  fi
done

summary=()
failed=0
for python in "${pythons[@]}"; do
  tag=$(minor_version "$python")
  heading "cloudpickle $VERSION's tests: Python $tag"
  prepare "$BUILD/venv-upstream-$tag" "$python"
  if run_suite "$BUILD/venv-upstream-$tag" "$@"; then
    summary+=("CPython $tag: passed")
  else
    summary+=("CPython $tag: FAILED")
    failed=1
  fi
done

heading "summary"
printf '%s\n' "${summary[@]}"
exit "$failed"
