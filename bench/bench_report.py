"""How large the report of 60,000 samples by 100 epochs is, and how soon Chromium shows it.

The time is what the page itself says: from the begin of the navigation, from a file, to the
frame after everything is drawn. Every opening is in a fresh context, without a network.
"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from measure import keep, spread_of
from playwright.sync_api import sync_playwright

from epochwatch._exposures.writer import ExposureWriter
from epochwatch_lab import load_mnist, one_vs_rest
from epochwatch_lab._report import write_report

SAMPLES, EPOCHS, BATCH = 60_000, 100, 60
ROUNDS = 7
MOST_BYTES, MOST_SECONDS = 6_000_000, 3.0


def balanced(epoch: int, length: int, minority: np.ndarray, majority: np.ndarray) -> np.ndarray:
    """Resume both streams where the epoch before left off, as notebook 01 does."""
    half = np.arange(length // 2) + epoch * (length // 2)
    return np.stack([np.take(side, half, mode="wrap") for side in (minority, majority)], 1).ravel()


def shuffled(rng, epoch: int, minority: np.ndarray, majority: np.ndarray) -> np.ndarray:
    """Draw as many of either stream, without replacement as far as it has so many."""
    few = np.resize(rng.permutation(minority), SAMPLES // 2)
    return rng.permutation(np.append(few, rng.permutation(majority)[: SAMPLES // 2]))


def orders(rng, minority: np.ndarray, majority: np.ndarray) -> dict:
    """Name the ways in which an epoch is put together: from its number to its indices."""
    sides = (minority, majority)
    return {
        "in sequence": lambda epoch: np.arange(SAMPLES),
        "resumed, oversampled": lambda epoch: balanced(epoch, SAMPLES, *sides),
        "shuffled, oversampled": lambda epoch: shuffled(rng, epoch, *sides),
        "drawn, oversampled": lambda epoch: np.append(
            rng.choice(minority, SAMPLES // 2), rng.choice(majority, SAMPLES // 2)
        ),
        "drawn from all": lambda epoch: rng.integers(0, SAMPLES, SAMPLES),
        "drawn from all, epochs three times as long": lambda epoch: rng.integers(
            0, SAMPLES, 3 * SAMPLES
        ),
    }


def record(folder: Path, order) -> None:
    """Write a run's folder as far as a report needs it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    writer = ExposureWriter(folder / "exposures")
    writer.open()
    for epoch in range(EPOCHS):
        index = order(epoch)
        writer.append(1, epoch + 1, 0, np.full(len(index) // BATCH, BATCH), index)
        writer.flush()
    writer.close()
    (folder / "findings.json").write_text('{"findings": {"verdict": "resumes"}}')
    run = {"notebook": "01_does_fit_resume", "run": "bench", "parameters": {"positive_digit": 1}}
    (folder / "run.json").write_text(json.dumps(run))


def seconds_to_open(browser, report: Path) -> float:
    """Open a report, and have it say when it was drawn."""
    with browser.new_context(offline=True) as context:
        page = context.new_page()
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        return float(page.evaluate("document.documentElement.dataset.ready")) / 1000


def main() -> None:
    """Measure everything, print it, and keep it under outputs/bench."""
    streams = one_vs_rest(*load_mnist().train)
    ways = orders(np.random.default_rng(0), *(stream.index for stream in streams))
    sizes, seconds = {}, {}
    print(f"report of {SAMPLES:,} samples × {EPOCHS} epochs: target ≤ {MOST_BYTES:,} bytes", end="")
    print(f" and ≤ {MOST_SECONDS} s, {ROUNDS} openings each")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, order in ways.items():
            record(Path(folder) / "run", order)
            report = write_report(Path(folder) / "run")
            sizes[name] = report.stat().st_size
            seconds[name] = [seconds_to_open(browser, report) for _ in range(ROUNDS)]
            print(spread_of(name, seconds[name]), f"{sizes[name]:>11,} bytes", flush=True)
        browser.close()
    keep("report", {"target_seconds": MOST_SECONDS, "bytes": sizes, "seconds": seconds})


if __name__ == "__main__":
    main()
