#!/usr/bin/env bash
# Writes the streams of this release into tests/frozen, for every CPython from 3.10 to 3.13
# that is found.  Streams of a release that is out are never written anew: they have to load
# for ever as they are.
source "$(dirname "$0")/common.sh"

RUN="exec(compile(open('make_streams.py').read(), 'make_streams.py', 'exec'))"
for version in 3.10 3.11 3.12 3.13; do
  python=$(interpreter_of_version "$version") || continue
  venv=$BUILD/venv-$version
  make_venv "$venv" "$python" build suite
  install_project "$venv" "$BUILD/cmake-$version"
  (cd tests/frozen && "$venv/bin/python" -c "$RUN" cppickle)
done
ls -l tests/frozen
