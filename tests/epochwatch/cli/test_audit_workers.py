"""What cannot be asked of an audit of several workers is refused in one line."""

import pytest

WORKERS = ("--workers", 2)
REFUSED = [
    (("--strategy", "torch"), "--strategy: got 'torch' without --workers, allowed: with --workers"),
    ((*WORKERS, "--resume"), "--resume: got it with --workers, allowed: one of the two"),
    (("--workers", 1), "--workers: got 1, allowed: a whole number, 2 or more"),
    (
        (*WORKERS, "--fail-on", "restarts"),
        "fail_on: got 'restarts' with workers, allowed: hangs, dies, unequal steps, loses, "
        "doubles, unmeasured, index conflict, coverage, never trained, ragged",
    ),
    (
        ("--fail-on", "hangs"),
        "fail_on: got 'hangs' without workers, allowed: with --workers",
    ),
    (
        (*WORKERS, "--strategy", "multi_worker"),
        "strategy: got 'multi_worker', allowed on tensorflow: mirrored; Keras 3 cannot train under "
        "it (keras#20585): add --backend tf_keras",
    ),
    (
        (*WORKERS, "--steps-per-execution", 3),
        "steps_per_execution: got 3 with the strategy mirrored, allowed on Keras 3: 1",
    ),
    (
        (*WORKERS, "--fit-option", "callbacks=1"),
        "--fit-option: got 'callbacks', which has an option of its own; see --help",
    ),
]


@pytest.mark.parametrize(("given", "line"), REFUSED)
def test_what_cannot_be_asked_is_one_line(audit, given, line):
    code, out, err = audit("feeds:arrays", *given)
    assert (code, out) == (2, "")
    assert err.startswith(f"epochwatch: {line}")
    assert err.count("\n") == 1
