"""`make lock` resolves a lock for everyone, and for each extra what it adds to that."""

import pytest

from tests.checkout import Checkout

# Stands for uv: resolves to what `resolved` has, and more for an extra.
UV = """
echo "$*" >>called/log
extra= output=
while [ $# -gt 0 ]; do
    case $1 in
    --extra) extra=$2 ;;
    --output-file) output=$2 ;;
    --constraints) cat "$2" >>"called/constraints of $extra" ;;
    esac
    shift
done
cat resolved/everyone "resolved/$extra" >"$output"
"""
HASH = "    --hash=sha256:abc\n"
EVERYONE = f"# by make lock\na-b==1 \\\n{HASH}    # via c\nlinux==1 ; on == 'linux' \\\n{HASH}"
EXTRA = (
    f"e-{{extra}}==2 \\\n{HASH}    # via\n    #   -c there/requirements.lock\n    #   c\n"
    f"linux==1 ; on != 'win' \\\n{HASH}"
)
OF_A_CLONE = ("dev", "cluster", "report")
EXTRAS = ("grain", "jax", "torch")


@pytest.fixture
def checkout(tmp_path):
    """A checkout that is set up, where resolving is told what to find."""
    made = Checkout(tmp_path / "new")
    made.make(".venv")
    made.program("uv", UV, made.venv / "bin")
    (made.folder / "requirements-torch-cpu.lock").write_text("# why\ntorch==1.2+cpu \\\n")
    (made.folder / "resolved").mkdir()
    (made.folder / "resolved" / "everyone").write_text(EVERYONE)
    for extra in (*OF_A_CLONE, *EXTRAS):
        text = "" if extra in OF_A_CLONE else EXTRA.format(extra=extra)
        (made.folder / "resolved" / extra).write_text(text)
    return made


def test_an_extra_has_what_everyone_lacks_also_on_some_platform_only(checkout):
    assert checkout.make("lock").returncode == 0
    assert (checkout.folder / "requirements.lock").read_text() == EVERYONE
    for extra in EXTRAS:
        text = (checkout.folder / f"requirements-{extra}.lock").read_text()
        added = EXTRA.format(extra=extra).replace("    #   -c there/requirements.lock\n", "")
        assert text == f"# by make lock\n{added}"


def test_extras_keep_to_the_lock_of_everyone_and_torch_to_the_build_for_the_cpu(checkout):
    checkout.make("lock")
    for extra in EXTRAS:
        constraints = (checkout.folder / "called" / f"constraints of {extra}").read_text()
        assert constraints == f"{EVERYONE}torch==1.2\n"


def test_every_lock_has_hashes_and_no_index(checkout):
    checkout.make("lock")
    calls = checkout.lines_of("log")
    assert len(calls) == 1 + len(EXTRAS)
    assert all("--generate-hashes --no-emit-index-url --no-emit-find-links" in x for x in calls)


def test_where_one_cannot_be_resolved_all_locks_are_left_as_they_are(checkout):
    locks = list(checkout.folder.glob("requirements*.lock"))
    before = [lock.read_text() for lock in locks]
    (checkout.folder / "resolved" / "torch").unlink()
    assert checkout.make("lock").returncode == 2
    assert [lock.read_text() for lock in locks] == before
