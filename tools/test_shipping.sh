#!/usr/bin/env bash
# Real packages, shipped to bare workers, run their own tests there.  Arguments go to
# pytest; $PYTHON chooses the interpreter.
source "$(dirname "$0")/common.sh"

python=$(default_python)
tag=$(minor_version "$python")
venv=$BUILD/venv-shipping-$tag
make_venv "$venv" "$python" shipping
install_project "$venv" "$BUILD/cmake-$tag" CPPICKLE_WERROR=ON

# Some do not install their tests: these are in their source distributions.
export PACKAGE_SOURCES=$BUILD/package-sources
mkdir -p "$PACKAGE_SOURCES"
for package in more_itertools pluggy marshmallow; do
  compgen -G "$PACKAGE_SOURCES/$package-*/" >/dev/null && continue
  version=$("$venv/bin/python" -c "from importlib.metadata import version as v
print(v('$package'))")
  quietly "$venv/bin/python" -m pip download --no-deps --no-binary :all: \
    --dest "$PACKAGE_SOURCES" "$package==$version"
  tar -xzf "$PACKAGE_SOURCES/$package-$version.tar.gz" -C "$PACKAGE_SOURCES"
done

heading "own tests of shipped packages: Python $tag"
"$venv/bin/python" -m pytest tests/packages tests/shipping "$@"
