#!/usr/bin/env bash
# Builds and tests with CPython 3.14 and 3.15 of Debian's next release, in a chroot.  The
# chroot is kept in the user's cache folder.  Arguments go to pytest.
source "$(dirname "$0")/common.sh"

CHROOT=${XDG_CACHE_HOME:-$HOME/.cache}/cppickle/chroot
VERSIONS=(3.14 3.15)
PACKAGES=python3.14-dev,python3.14-venv,python3.15-dev,python3.15-venv
PACKAGES+=,libpython3.14-testsuite,libpython3.15-testsuite
PACKAGES+=,g++,cmake,ninja-build,make,libgtest-dev

skip() { echo "skipped: CPython ${VERSIONS[*]}: $*"; exit 0; }

make_chroot() {
  local mirror
  [ "$(cat "$CHROOT/complete" 2>/dev/null)" = "$PACKAGES" ] && return
  command -v debootstrap >/dev/null || quietly apt_install debootstrap ||
    skip "debootstrap cannot be installed"
  # The mirror that this machine uses already.
  mirror=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' | sort -u |
    grep -v security | head -1)
  [ -n "$mirror" ] || skip "apt knows no mirror of Debian"
  echo "making $CHROOT (takes a minute or two)"
  rm -rf --one-file-system "$CHROOT"
  mkdir -p "$CHROOT"
  quietly debootstrap --variant=minbase --no-check-gpg --include="$PACKAGES" \
    forky "$CHROOT" "$mirror" sid
  echo "$PACKAGES" >"$CHROOT/complete"
}

# The work tree as it is: tracked files and new ones, not what git ignores.  All are as new
# as the copy: what was built in the chroot may be that of another work tree.
copy_sources() {
  local target=$CHROOT/cppickle
  mkdir -p "$target"
  find "$target" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  git -c safe.directory="$ROOT" ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
      [ ! -e "$file" ] || printf '%s\0' "$file"
    done | tar --null --files-from=- -cf - | tar -xmf - -C "$target"
}

# download VERSION: fills CHROOT/wheels/VERSION and prints the groups that could be had.  Pip
# runs out here, where it is configured for this machine's package index.
download() {
  local wheels=$CHROOT/wheels/$1 group platforms=() n
  if ! cmp -s pyproject.toml "$wheels/pyproject.toml"; then
    rm -rf "$wheels"
    mkdir -p "$wheels"
    for n in $(seq 17 40); do platforms+=("--platform=manylinux_2_${n}_$(uname -m)"); done
    for group in build suite hypothesis numpy msgspec sqlalchemy; do
      if quietly "$DOWNLOADER" -m pip download --dest "$wheels" --only-binary=:all: \
        --implementation cp --python-version "$1" "${platforms[@]}" --group "$group" \
        2>"$wheels/log"
      then
        echo "$group" >>"$wheels/groups"
      elif [ "$group" = build ] || [ "$group" = suite ]; then
        cat "$wheels/log" >&2
        return 1
      fi
    done
    cp pyproject.toml "$wheels/pyproject.toml"
  fi
  tr '\n' ' ' <"$wheels/groups"
}

# in_chroot COMMAND...: with a fresh environment, and with /proc and shared memory where the
# machine lets us mount them.
in_chroot() {
  local mounts='mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm"; '
  local run=(unshare --mount sh -c "{ $mounts } 2>/dev/null"'; exec chroot "$0" "$@"')
  unshare --mount true 2>/dev/null || run=(sh -c 'exec chroot "$0" "$@"')
  env -i HOME=/tmp LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    CMAKE_BUILD_PARALLEL_LEVEL="$CMAKE_BUILD_PARALLEL_LEVEL" \
    "$(command -v "${run[0]}")" "${run[@]:1}" "$CHROOT" "$@"
}

[ "$(id -u)" = 0 ] || skip "the chroot can only be made by root"
command -v apt-get >/dev/null || skip "no apt-get on this system"

make_chroot
copy_sources
DOWNLOADER=$BUILD/venv-download/bin/python
[ -x "$DOWNLOADER" ] || make_bare_venv "$BUILD/venv-download" "$(default_python)"

summary=()
failed=0
for version in "${VERSIONS[@]}"; do
  groups=$(download "$version")
  for group in hypothesis numpy msgspec sqlalchemy; do
    [[ " $groups" = *" $group "* ]] || echo "no wheel of $group for CPython $version: its tests skip"
  done
  if in_chroot env PYTHON="python$version" TEST_GROUPS="$groups" PIP_NO_INDEX=1 \
    PIP_FIND_LINKS="/wheels/$version" /cppickle/tools/test.sh -q "$@"
  then
    summary+=("CPython $version: passed")
  else
    summary+=("CPython $version: FAILED")
    failed=1
  fi
done

heading "summary"
printf '%s\n' "${summary[@]}"
exit "$failed"
