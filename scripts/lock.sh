#!/bin/sh
# Resolve the locks anew from pyproject.toml, all of them or none: scripts/lock.sh UV
#
# First requirements.lock, all that a clone needs; then for each further extra what it adds to
# that, in a lock of its own.
set -e
uv=$1
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
everyone=$new/requirements.lock

resolve() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --upgrade --extra lab --extra dev --extra cluster "$@" pyproject.toml
}

# A package that everyone has on some platforms only, and the extra on more, is in both.
lacking() {
    awk 'NR == FNR { has[$0]; next }
        /^[a-z0-9]/ { wanted = !(/==/ && $0 in has) }
        /^ *#   -c / { next }
        wanted || /^#/' "$everyone" "$1"
}

resolve --output-file "$everyone"
sed -n 's/^\(torch==.*\)+cpu.*/\1/p' requirements-torch-cpu.lock >"$new/torch"
for extra in grain jax torch; do
    resolve --extra $extra --output-file "$new/all" \
        --constraints "$everyone" --constraints "$new/torch"
    lacking "$new/all" >"$new/requirements-$extra.lock"
done
cp "$new"/requirements*.lock .
