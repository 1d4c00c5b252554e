#!/bin/sh
# Make .venv from requirements.lock: scripts/setup.sh asked-for|any PYTHON
# Make .venv-jax or .venv-torch, which has more: scripts/setup.sh … BACKEND
#
# A .venv of another Python stays, if this one was not asked for.
# .venv holds either .ready, a copy of what it was made from, or, while it is being made,
# .unfinished with the number of the process. So an interrupted set-up is known as one and begun
# again, a new lock is installed into the .venv there is, and one that make did not make is safe.
asked_for=$1
python=$2
backend=$3
venv=.venv${backend:+-$backend}
ready=$venv/.ready
unfinished=$venv/.unfinished
make="make run"
[ -z "$backend" ] || make="make test-backends"
name_another="or name another: $make PYTHON=python3.12"
cpu_torch=requirements-torch-cpu.lock

# The lock of an extra has what the extra adds to requirements.lock.
case $backend in
torch) locks="requirements.lock requirements-grain.lock requirements-torch.lock" ;;
jax) locks="requirements.lock requirements-grain.lock requirements-jax.lock" ;;
*) locks=requirements.lock ;;
esac

say() { printf 'set-up: %s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

made_from() {
    pwd -P
    cat $locks pyproject.toml
    [ "$backend" != torch ] || cat $cpu_torch
}

is_python() { [ "$(version_of "$python")" = "$(version_of "$venv/bin/python")" ]; }

# The scripts of a virtual environment name its folder: it does not survive being moved.
is_usable() {
    [ -x "$venv/bin/python" ] && [ "$(head -n 1 "$ready" 2>/dev/null)" = "$(pwd -P)" ] &&
        { [ "$asked_for" = any ] || is_python; }
}

check_python() {
    version=$(version_of "$python") ||
        fail "$python cannot be run; install Python 3.11, 3.12 or 3.13, $name_another"
    case $version in
    3.11 | 3.12 | 3.13) ;;
    *) fail "$python is Python $version; install Python 3.11, 3.12 or 3.13, $name_another" ;;
    esac
}

check_ours() {
    if [ -e "$unfinished" ]; then
        process=$(cat "$unfinished")
        ! kill -0 "$process" 2>/dev/null ||
            fail "process $process is making $venv; wait for it; if it is another program: rm -rf $venv"
    elif [ -e "$venv" ] && [ ! -e "$ready" ]; then
        fail "$venv was not made by make; move it away and call make again"
    fi
}

make_venv() {
    rm -rf "$venv"
    mkdir "$venv" || exit
    echo $$ >"$unfinished"
    "$python" -m venv "$venv" >/dev/null 2>&1 ||
        fail "$python cannot make a virtual environment; on Debian and Ubuntu:" \
            "apt install python3-venv, $name_another"
}

# The user's own uv, or else the one that requirements.lock has.
find_uv() {
    uv=uv
    uv --version >/dev/null 2>&1 && return
    uv=$venv/bin/uv
    sed -n '/^uv==/,/^ *#/p' requirements.lock >"$venv/uv.lock"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
        --require-hashes --requirement "$venv/uv.lock"
}

# In the background, because a shell that waits for a program in front puts signals off till then.
install() {
    "$uv" pip install --quiet --python "$venv/bin/python" "$@" &
    wait $!
}

install_locked() { install --compile-bytecode --require-hashes "$@"; }
install_locks() { install_locked $(printf ' -r %s' $locks); }

# On Linux the package index has torch with CUDA only. One for the CPU alone is taken where uv
# finds it, or pip would; then requirements-torch.lock is only asked for what that one needs.
install_torch() {
    for place in $PIP_FIND_LINKS; do
        set -- "$@" --find-links "$place"
    done
    install_locked -r requirements.lock -r requirements-grain.lock -r $cpu_torch \
        --constraints requirements-torch.lock "$@" 2>/dev/null && return
    say "found no torch for the CPU alone, see $cpu_torch; the one with CUDA" \
        "is 3 GB to download and takes 5 GB of disk …"
    install_locks
}

interrupted() {
    kill $! 2>/dev/null
    wait
    exit "$1"
}

is_usable && made_from | cmp -s - "$ready" && exit
is_usable || check_python
check_ours
begin=$(date +%s)
say "making $venv from $(echo $locks | sed 's/ /, /g'): once, for a minute or two …"
trap 'rm -rf "$venv"' EXIT
trap 'interrupted 130' INT
trap 'interrupted 143' TERM HUP
is_usable || make_venv
echo $$ >"$unfinished"
rm -f "$ready"
# Bytecode compiled now is what lets TensorFlow start in 5 s instead of 12.
unset PYTHONDONTWRITEBYTECODE
find_uv &&
    if [ "$backend" = torch ]; then install_torch; else install_locks; fi &&
    install --no-deps --no-build-isolation --editable . &&
    "$venv/bin/python" -m compileall -q src ||
    fail "failed, see above; $venv has been removed, call make again"
made_from >"$ready"
rm -f "$unfinished"
trap - EXIT
say "took $(($(date +%s) - begin)) s"
