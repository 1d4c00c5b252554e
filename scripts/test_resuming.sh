#!/bin/sh
# Kill trainings and run them again, each backend in an environment of its own:
# scripts/test_resuming.sh asked-for|any PYTHON "BACKEND …"
set -f
asked_for=$1
python=$2
backends=$3
known="tensorflow jax torch"

refuse() {
    printf 'BACKENDS: got "%s", allowed: one or more of %s\n' "$backends" "$known" >&2
    exit 2
}

run_tests() {
    printf '\ntests/resuming on %s\n' "$backend"
    # Every run compiles the same small models: kept, they take half of the time on JAX. The next
    # free worker takes the next test, for a script that is killed at every step takes long.
    JAX_COMPILATION_CACHE_DIR=$compiled JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 \
        JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 \
        EPOCHWATCH_BACKEND=$backend KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 \
        ".venv${apart:+-$apart}/bin/python" -m pytest tests/resuming -n 2 --dist load
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
    apart=$backend
    [ "$backend" != tensorflow ] || apart=
    sh scripts/setup.sh "$asked_for" "$python" $apart || exit
    run_tests || failed="$failed $backend"
done
[ -z "$failed" ] || {
    echo "failed on:$failed" >&2
    exit 1
}
