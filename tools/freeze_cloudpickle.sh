#!/usr/bin/env bash
# Writes the streams of tests/frozen anew, with releases of cloudpickle from the package
# index, for every CPython from 3.10 to 3.13 that is found.
source "$(dirname "$0")/common.sh"

RUN="exec(compile(open('make_streams.py').read(), 'make_streams.py', 'exec'))"
for version in 3.10 3.11 3.12 3.13; do
  python=$(interpreter_of_version "$version") || continue
  for release in 2.0.0 2.2.1 3.0.0 3.1.2; do
    # 2.0.0 knows the code objects of 3.10 at most, 2.2.1 those of 3.11.
    case $release-$version in
      2.0.0-3.1[123] | 2.2.1-3.1[23]) continue ;;
    esac
    venv=$BUILD/venv-frozen-$version-$release
    [ -x "$venv/bin/python" ] || make_bare_venv "$venv" "$python"
    quietly "$venv/bin/python" -m pip install "cloudpickle==$release"
    (cd tests/frozen && "$venv/bin/python" -c "$RUN" cloudpickle)
  done
done
ls -l tests/frozen
