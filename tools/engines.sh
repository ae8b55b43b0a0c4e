# shellcheck shell=bash
# Shared by the scripts that run engines, which source it after common.sh.

ENGINES=(processes joblib joblib-old dask mpi ray spark celery parsl ipyparallel prefect
  mlflow)

# Engines are run with the optimised interpreter: it is the one that they have wheels for.
ENGINE_PYTHON=$(optimised_python)
ENGINE_TAG=$(minor_version "$ENGINE_PYTHON")
ENGINE_WHEELS=$BUILD/engines/wheels

# build_wheel: the package as users get it, once for all environments of engines.
build_wheel() {
  local venv=$BUILD/venv-engines-build-$ENGINE_TAG
  make_venv "$venv" "$ENGINE_PYTHON" build
  echo "building for Python $ENGINE_TAG"
  rm -rf "$ENGINE_WHEELS"
  PATH=$venv/bin:$PATH quietly "$venv/bin/python" -m pip wheel --no-deps \
    --no-build-isolation --config-settings=build-dir="$BUILD/cmake-release-$ENGINE_TAG" \
    --wheel-dir "$ENGINE_WHEELS" .
}

# engine_venv ENGINE: prints nothing and leaves the environment at engine_dir ENGINE, with
# the present cppickle in it.  Fails if the engine cannot be had.
engine_venv() {
  local dir
  dir=$(engine_dir "$1")
  engine_packages "$1" || return
  make_venv "$dir" "$ENGINE_PYTHON" "engine-$1" || return
  quietly "$dir/bin/python" -m pip install --no-deps --no-index --force-reinstall \
    "$ENGINE_WHEELS"/*.whl
}

engine_dir() { echo "$BUILD/engines/$1-$ENGINE_TAG"; }

# What an engine needs from Debian.
engine_packages() {
  case $1 in
    mpi) command -v mpirun >/dev/null ||
      need_packages "MPI" openmpi-bin ;;
    celery) command -v redis-server >/dev/null ||
      need_packages "a broker, for Celery" redis-server ;;
    spark) command -v java >/dev/null ||
      need_packages "Java, for Spark" default-jre-headless ;;
  esac
}
