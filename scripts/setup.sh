#!/bin/sh
# Make .venv from requirements.lock: scripts/setup.sh PYTHON
# It is whole when .venv/.ready is there; an interrupted set-up is begun again from nothing.
set -eu
python=$1
venv=.venv
uv_version=0.13.9  # as in pyproject.toml

fail() {
    printf 'set-up: %s\n' "$*" >&2
    rm -rf "$venv"
    exit 2
}

command -v "$python" >/dev/null 2>&1 ||
    fail "there is no $python; install Python 3.11, 3.12 or 3.13, or name one: make run PYTHON=python3.12"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    fail "$python does not run; name another: make run PYTHON=python3.12"
case $version in
3.11 | 3.12 | 3.13) ;;
*) fail "$python is Python $version, needed is 3.11, 3.12 or 3.13; name one: make run PYTHON=python3.12" ;;
esac

printf 'Setting up .venv with Python %s: a minute or two, once …\n' "$version"
begin=$(date +%s)
"$python" -m venv --clear "$venv" >/dev/null 2>&1 && [ -x "$venv/bin/pip" ] ||
    fail "$python cannot make a virtual environment; on Debian and Ubuntu: apt install python$version-venv"

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version" ||
        fail "uv could not be installed; is there a network?"
    uv=$venv/bin/uv
fi
# Bytecode compiled now is what lets TensorFlow start in 5 s instead of 12.
unset PYTHONDONTWRITEBYTECODE
"$uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode \
    --require-hashes -r requirements.lock || fail "the packages could not be installed; see above"
"$uv" pip install --quiet --python "$venv/bin/python" --compile-bytecode \
    --no-deps --no-build-isolation --editable . || fail "epochwatch could not be installed; see above"

touch "$venv/.ready"
printf 'Set-up took %s s.\n' "$(($(date +%s) - begin))"
