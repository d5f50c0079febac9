"""A sweep of sixteen points of one shape, as ensembles in two workers, against a process a point, two at once."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

from engine.errors import Exit
from engine.registry import spec
from engine.sweeps.plan import Plan
from lab.bench.entry import Entry, Row, alternate, must_be_done
from lab.running.children import Children
from lab.running.sweep import Sweep

WORKERS, POINTS, ALONE = 2, 16, 4  # processes at once; points of the sweep; points of which each gets a process
CASES = {
    "deep double descent, width 16, batches of 20": (
        "deep-double-descent",
        {"dataset": "mnist1d", "h": "16", "n": "500", "tests": "500", "steps": "600", "samples": "0", "batch": "20", "optimizer": "sgd"},
    ),
    "random labels, width 32": ("random-labels", {"dataset": "mnist1d", "n": "500", "width": "32", "epochs": "30"}),
    "lazy training, width 10": ("lazy-training", {"n": "50", "m": "10", "widths": "10", "steps": "2000"}),
}


def as_ensembles(name: str, given: dict[str, str]) -> float:
    """Return seconds a point of the whole sweep, the start of its processes included."""
    rates = tuple(0.002 * 1.1**place for place in range(POINTS))
    plan = Plan.of(spec(name), "quick", given, {"lr": rates})
    with tempfile.TemporaryDirectory(prefix="genlab-bench-") as root:
        began = perf_counter()
        ended = list(Sweep(plan, "cpu", WORKERS, Path(root)).endings())
        seconds = perf_counter() - began
    for one in ended:
        must_be_done(one.code, one.sentence)
    return seconds / POINTS


def a_process_each(name: str, given: dict[str, str]) -> float:
    """Return seconds a point where each is `genlab run` in a process of its own."""
    knobs = [f"--{knob}={value}" for knob, value in given.items()]
    children = Children(WORKERS, "nothing is kept")
    with tempfile.TemporaryDirectory(prefix="genlab-bench-") as root, ThreadPoolExecutor(WORKERS) as pool:
        began = perf_counter()
        commands = [
            ["run", name, *knobs, f"--lr={0.002 * 1.1**place}", "--threads", "1", "--device", "cpu", "--runs", root, "--json"]
            for place in range(ALONE)
        ]
        ended = list(pool.map(children.run, commands))
        seconds = perf_counter() - began
    for one in ended:
        must_be_done(one.code if one is not None else Exit.INTERRUPTED, one.sentence if one is not None else "")
    return seconds / ALONE


def measure(repeats: int) -> list[Row]:
    """Return how many times the rate of a process a point a sweep has."""
    rows = []
    for label, (name, given) in CASES.items():
        pairs = alternate(lambda: as_ensembles(name, given), lambda: a_process_each(name, given), repeats)  # noqa: B023
        rows.append(
            Row(f"{POINTS} points as ensembles against a process each: {label}", "x", tuple(b / a for a, b in pairs), 3.0, "higher")
        )
        rows.append(Row(f"a point of the sweep: {label}", "s", tuple(a for a, _ in pairs)))
    return rows


ENTRIES = (Entry("sweep", "sixteen points of one shape on two cores, as ensembles against a process each", measure, repeats=1),)
