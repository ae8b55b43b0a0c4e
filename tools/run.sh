#!/usr/bin/env bash
# Runs Python in an environment with the optimised interpreter and cppickle as users get it.
# Usage: run.sh GROUP ARGUMENT...   (a dependency group of pyproject.toml; python's arguments)
source "$(dirname "$0")/common.sh"

group=$1
shift
python=$(optimised_python)
tag=$(minor_version "$python")
make_venv "$BUILD/venv-$group-$tag" "$python" "$group"
install_project "$BUILD/venv-$group-$tag" "$BUILD/cmake-release-$tag"
exec "$BUILD/venv-$group-$tag/bin/python" "$@"
