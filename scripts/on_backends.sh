#!/bin/sh
# Run python on some backends, each in its environment, and on all of them though one fails:
# scripts/on_backends.sh asked-for|any PYTHON "KNOWN …" "BACKEND …" ARGUMENT…
set -f
asked_for=$1
python=$2
known=$3
backends=$4
shift 4

refuse() {
    printf 'BACKENDS: got "%s", allowed: one or more of %s\n' "$backends" "$known" >&2
    exit 2
}

# The environment of TensorFlow, and of tf_keras on it, is .venv itself.
environment_of() {
    case $1 in
    tensorflow | tf_keras) ;;
    *) echo "$1" ;;
    esac
}

run() {
    environment=$(environment_of "$backend")
    case $backend in
    tf_keras) keras=tensorflow ;;
    *) keras=$backend ;;
    esac
    printf '\non %s\n' "$backend"
    # Further threads of torch's are in the way of the other workers. JAX compiles the same small
    # models over and over: kept, they take a third of the time.
    JAX_COMPILATION_CACHE_DIR=$compiled JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 \
        JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1 \
        OMP_NUM_THREADS=1 EPOCHWATCH_BACKEND=$backend KERAS_BACKEND=$keras TF_CPP_MIN_LOG_LEVEL=3 \
        ".venv${environment:+-$environment}/bin/python" "$@"
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
    sh scripts/setup.sh "$asked_for" "$python" $(environment_of "$backend") || exit
    run "$@" || failed="$failed $backend"
done
[ -z "$failed" ] || {
    echo "failed on:$failed" >&2
    exit 1
}
