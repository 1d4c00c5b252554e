#!/bin/sh
# Run tests/backends and tests/fuzz, each backend in an environment of its own:
# scripts/test_backends.sh asked-for|any PYTHON "BACKEND …"
set -f
asked_for=$1
python=$2
backends=$3
known="jax torch tf_keras"

refuse() {
    printf 'BACKENDS: got "%s", allowed: one or more of %s\n' "$backends" "$known" >&2
    exit 2
}

run_tests() {
    case $backend in
    tf_keras) keras=tensorflow ;;
    *) keras=$backend ;;
    esac
    printf '\ntests/backends and tests/fuzz on %s\n' "$backend"
    # Three workers for two cores, for tests of Keras 2 wait; further threads of torch's would only
    # be in their way. JAX compiles the same small models over and over: kept, they take a third of
    # the time.
    JAX_COMPILATION_CACHE_DIR=$compiled JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 \
        JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 \
        OMP_NUM_THREADS=1 EPOCHWATCH_BACKEND=$backend KERAS_BACKEND=$keras TF_CPP_MIN_LOG_LEVEL=3 \
        ".venv-$backend/bin/python" -m pytest tests/backends tests/fuzz -n 3 --dist loadfile \
        --no-loadscope-reorder
}

[ -n "$(printf '%s' $backends)" ] || refuse
for backend in $backends; do
    case " $known " in
    *" $backend "*) ;;
    *) refuse ;;
    esac
done
failed=
compiled=$(mktemp -d) || exit
trap 'rm -rf "$compiled"' EXIT
for backend in $backends; do
    sh scripts/setup.sh "$asked_for" "$python" "$backend" || exit
    run_tests || failed="$failed $backend"
done
[ -z "$failed" ] || {
    echo "failed on:$failed" >&2
    exit 1
}
