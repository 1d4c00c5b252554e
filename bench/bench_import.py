"""How long `import epochwatch` takes, and the command: each in an interpreter of its own.

The import is timed from outside, by turns with an interpreter that imports nothing; what
there is more of the one than of the other is the import. It must not import any framework.
"""

import subprocess
import sys
import time
from pathlib import Path

from measure import by_turns, keep, spread_of

ROUNDS = 30
TARGET = 0.3  # seconds
FRAMEWORKS = {"tensorflow", "keras", "jax", "torch", "tf_keras", "grain"}
COMMAND = Path(sys.executable).parent / "epochwatch"


def seconds_of(*command) -> float:
    """Run a command to its end."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main():
    """Measure and report."""
    nothing = (sys.executable, "-c", "pass")
    importing = (sys.executable, "-c", "import epochwatch")
    check = f"import epochwatch, sys; assert not {FRAMEWORKS} & set(sys.modules)"
    seconds_of(sys.executable, "-c", check)  # compiles it, too
    with_import, without = by_turns(
        lambda: seconds_of(*importing), lambda: seconds_of(*nothing), ROUNDS
    )
    more = [a - b for a, b in zip(with_import, without, strict=True)]
    measured = {"import epochwatch": more, "an interpreter that imports nothing": without}
    if COMMAND.exists():
        measured["epochwatch --help"] = [seconds_of(COMMAND, "--help") for _ in range(ROUNDS)]
    print(f"import: {ROUNDS} rounds by turns; target ≤ {TARGET} s")
    for what, seconds in measured.items():
        print(spread_of(what, seconds))
    keep("import", {"target_seconds": TARGET, "seconds": measured})


if __name__ == "__main__":
    main()
