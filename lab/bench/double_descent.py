"""Double descent: the nested curve against a solve per size, a whole curve on real digits, and how soon a turned knob redraws."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from engine.contract import SetKnob, Snapshot
from engine.device import default_threads, use_threads
from engine.errors import LabError
from engine.registry import spec
from engine.runner import Runner
from lab.bench.entry import Entry, Row
from lab.bench.redraw import turned
from lab.bench.theory_risk import fourier_curve_seconds, nested_against_lstsq, nested_disagreement

PATIENCE = 30.0  # seconds for curves that should come in a tenth of one
TURNS: tuple[tuple[str, Any], ...] = (
    ("sigma", 0.25), ("head_share", 0.3), ("n", 150), ("D", 1200), ("r2", 2.0), ("ridge", 5.0), ("profile", "flat"), ("tuned", True),
    ("spectrum", "power"),
)  # fmt: skip
"""Knobs turned one after the other, from the quick preset on."""

STUDIES: dict[str, tuple[tuple[str, Any], ...]] = {
    "multiple-descent": (("sigma", 0.5), ("r2", 2.0), ("blocks", (30, 60, 150)), ("lam", (1.0, 1e-4, 1e-6)), ("spectrum", "power")),
    "early-stopping": (("sigma", 0.25), ("r2", 2.0), ("n", 150), ("sizes", (40, 150)), ("decay", 2.0), ("spectrum", "power")),
}
"""Knobs turned in the studies beside the nested features, from the preset of their name on."""


def measure_nested(repeats: int) -> Sequence[Row]:
    """Measure the nested curve and lstsq at every p in alternating pairs, with the threads of a run."""
    _threads_of_a_run()
    pairs = nested_against_lstsq(repeats)
    return (
        Row("lstsq at every p over the whole curve", "x", tuple(solves / nested for nested, solves in pairs), 150.0),
        Row("the whole curve", "ms", tuple(1e3 * nested for nested, _ in pairs)),
        Row("largest difference of |w|^2 and risk", "relative", (nested_disagreement(),), 1e-9, "lower"),
    )


def measure_digits(repeats: int) -> Sequence[Row]:
    """Measure random Fourier features of 1,000 digits at every N up to 5,000: features and curve together."""
    _threads_of_a_run()
    pairs = fourier_curve_seconds(repeats)
    return (
        Row("n=1000, every N to 5000", "s", tuple(made + curve for made, curve in pairs), 20.0, "lower"),
        Row("of which the features", "s", tuple(made for made, _ in pairs)),
    )


def measure_redraw(repeats: int) -> Sequence[Row]:
    """Measure from turning a knob to the snapshot with the new theory and the first draw, over ten knobs in each repeat."""
    readings: list[list[float]] = []
    for _ in range(repeats):
        run = Runner("double-descent", spec("double-descent").configure("quick"), "quick", (0,))
        try:
            run.start()
            _until_drawn(run, {}, None)
            readings.append([_turn(run, name, value) for name, value in TURNS])
        finally:
            run.close()
    middle = tuple(1e3 * sorted(times)[len(times) // 2] for times in readings)
    slowest = tuple(1e3 * max(times) for times in readings)
    return (
        Row("median over knobs", "ms", middle, 400.0, "lower", "theory and first draw; further draws refine it"),
        Row("slowest knob", "ms", slowest, note="the power-law spectrum"),
        *(_study_row(study, turns, repeats) for study, turns in STUDIES.items()),
    )


def _study_row(study: str, turns: Sequence[tuple[str, Any]], repeats: int) -> Row:
    medians = (median(turned("double-descent", turns, study)) for _ in range(repeats))
    return Row(f"{study}, median over knobs", "ms", tuple(1e3 * value for value in medians), 150.0, "lower", "theory alone")


def _turn(run: Runner, name: str, value: Any) -> float:
    before, start = run.latest(), time.perf_counter()
    run.post(SetKnob(name, value))
    _until_drawn(run, {name: value}, before)
    return time.perf_counter() - start


def _until_drawn(run: Runner, wanted: dict[str, Any], before: Snapshot | None) -> None:
    """Wait for a snapshot of a run with these knobs whose first draw is drawn; `before` still shows the last run's curves.

    Raises:
        LabError: it does not come.
    """
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        shown = run.latest()
        fresh = before is None or shown.series is not before.series
        if fresh and "draws" in shown.values and all(shown.config[name] == value for name, value in wanted.items()):
            return
        time.sleep(0.001)
    raise LabError(f"no curves within {PATIENCE:g} s of turning {', '.join(wanted) or 'nothing'}")


def _threads_of_a_run() -> None:
    use_threads(default_threads(), torch=False)


ENTRIES = (
    Entry("nested", "the whole nested risk curve, n=200, D=1000, against numpy.linalg.lstsq at every p", measure_nested, 5),
    Entry("digits-curve", "random Fourier features of real digits, the whole curve", measure_digits, 3),
    Entry("redraw-double-descent", "how soon a turned knob shows new curves", measure_redraw, 5),
)
