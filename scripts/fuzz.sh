#!/bin/sh
# Audit feeds drawn by chance, each backend in an environment of its own:
# scripts/fuzz.sh asked-for|any PYTHON "BACKEND …" [--cases=N] [--seed=N]
set -f
asked_for=$1
python=$2
backends=$3
shift 3
known="tensorflow jax torch"

refuse() {
    printf 'BACKENDS: got "%s", allowed: one or more of %s\n' "$backends" "$known" >&2
    exit 2
}

fuzz() {
    printf '\nfuzz on %s\n' "$backend"
    OMP_NUM_THREADS=1 EPOCHWATCH_BACKEND=$backend KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 \
        ".venv${apart:+-$apart}/bin/python" -m tests.fuzz "$@"
}

[ -n "$(printf '%s' $backends)" ] || refuse
for backend in $backends; do
    case " $known " in
    *" $backend "*) ;;
    *) refuse ;;
    esac
done
failed=
for backend in $backends; do
    apart=$backend
    [ "$backend" != tensorflow ] || apart=
    sh scripts/setup.sh "$asked_for" "$python" $apart || exit
    fuzz "$@" || failed="$failed $backend"
done
[ -z "$failed" ] || {
    echo "failed on:$failed" >&2
    exit 1
}
