"""The curves, pictures and markers of grokking."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.phenomena.grokking.arms import CONTROL, MAIN, NO_DECAY, WATCHED, Task
from engine.phenomena.grokking.delays import against
from engine.phenomena.grokking.readings import GROKKED, MEMORISED, Readings, banded

LEGEND = ("test, wrong", "test, right", "training, wrong", "training, right")
Floats = NDArray[np.float64]


def curves(r: Readings, analytic: float | None, width: int) -> list[Series]:
    """Return accuracy and loss of the watched arms, progress measures, and delays."""
    found = []
    for quantity in ("accuracy", "loss"):
        for name in (name for name in WATCHED if name in r.arms):
            label = r.arms[name].label
            if name != NO_DECAY:  # its training curve lies on the main arm's
                found.append(r.curve(f"train-{quantity}", name, f"{quantity}/train-{name}", f"train, {label}", f"train-{name}"))
            found.append(r.curve(f"test-{quantity}", name, f"{quantity}/test-{name}", f"test, {label}", f"test-{name}"))
    if analytic is not None:
        ends = np.array([1.0, float(max(1, r.history.steps[-1] if r.history.steps else 1))])
        label = f"analytic network, N={width}"
        found.append(Series("accuracy/analytic", label, ends, np.full(2, analytic), kind="theory", basis="exact", group="analytic"))
    return [*found, *_progress(r), *against(r, "fraction"), *against(r, "decay")]


def _progress(r: Readings) -> list[Series]:
    named = {"margin": "held-out margin", "share": "single-frequency share", "gini": "Gini of the spectrum"}
    there = [(name, label) for name, label in named.items() if len(r.history.column(name)[0])]
    found = [*_circuit(r), *(r.curve(name, MAIN, f"progress/{name}", label, name) for name, label in there)]
    if len(r.history.column("collapse")[0]):
        arms = [name for name in (MAIN, CONTROL) if name in r.arms]
        labels = {MAIN: "softmax collapse", CONTROL: "softmax collapse of the control"}
        found += [r.curve("collapse", name, f"progress/collapse-{name}", labels[name], f"collapse-{name}") for name in arms]
    return [*found, r.curve("norm", MAIN, "progress/norm", "squared norm / largest", "norm", scale=True)]


def _circuit(r: Readings) -> list[Series]:
    """Return restricted and excluded loss; the label says whose key frequencies they are of."""
    found = []
    for name in ("restricted", "excluded"):
        steps, values, keys = r.circuit(name)
        if len(steps):
            found.append(banded(f"progress/{name}", f"{name} loss, {keys} frequencies", steps, values, name))
    return found


def bars(power: Floats | None) -> list[Series]:
    """Return each frequency's share of the power of all neurons, (frequencies, neurons)."""
    if power is None:
        return []
    total = power.sum(axis=1)
    x = np.arange(1, len(total) + 1, dtype=np.float64)
    return [Series("spectrum", "share of power", x, total / max(total.sum(), 1e-300), style="bars", group="spectrum")]


def correctness(task: Task, correct: NDArray[np.bool_], seed: int) -> Picture:
    """Return a cell per pair: whether it was shown, and whether it is answered rightly; a downwards, b to the right."""
    table = task.table
    cells = np.full((table.tokens, table.tokens), len(LEGEND), dtype=np.uint8)
    cells[table.pairs[:, 0], table.pairs[:, 1]] = 2 * task.train + correct
    asked = len(cells) ** 2 == len(table.pairs)
    legend = LEGEND if asked else (*LEGEND, "not asked")
    right = int(correct[~task.train].sum())
    note = f"{right:,} of {int((~task.train).sum()):,} test pairs right, seed {seed}"
    title = f"{table.name}: which pairs are right"
    return Picture("correctness", title, cells, palette="classes", legend=legend, x="b", y="a", equal=True, note=note)


def events(r: Readings, config: Any) -> list[Marker]:
    """Return when the main arm and the one beside it memorised and grokked (medians over seeds), and the delay ratio."""
    found = [Marker("accuracy", "y", 1.0 / config.p, "chance")]
    memorised, grokked = r.memorised(), r.grokked()
    if len(memorised) and np.isfinite(memorised).all():
        at = float(np.median(memorised))
        found += [Marker(figure, "x", at, f"memorised at {at:,.0f}", "memorised") for figure in ("accuracy", "loss", "progress")]
    if len(grokked) and np.isfinite(grokked).all():
        at, ratio = float(np.median(grokked)), float(np.median(grokked / np.maximum(memorised, 1)))
        label = f"grokked at {at:,.0f}, ratio {ratio:.3g}"
        found += [Marker(figure, "x", at, label, "grokked") for figure in ("accuracy", "loss", "progress")]
    beside = r.grokked(CONTROL)
    if r.places(CONTROL) and len(beside) and np.isfinite(beside).all():
        at = float(np.median(beside))
        found.append(Marker("accuracy", "x", at, f"control grokked at {at:,.0f}", CONTROL))
    return found


def sentences(r: Readings) -> tuple[str, ...]:
    """Say what cannot be seen: thresholds, and of each arm when it memorised and grokked, the main one's delay last of all."""
    thresholds = f"memorised: training accuracy >= {MEMORISED:g}; grokked: test accuracy >= {GROKKED:g}; medians over seeds"
    return thresholds, *(told for name in reversed(WATCHED) if (told := _told(r, name)))


def _told(r: Readings, name: str) -> str:
    """Return an arm's two steps and their ratio, as far as there is anything to say."""
    if name not in r.arms:
        return ""
    label, last = r.arms[name].label, r.arms[name].steps
    memorised, grokked = r.memorised(name), r.grokked(name)
    if not len(memorised) or not np.isfinite(memorised).all():
        return f"{label}: not memorised by step {last:,} (censored)" if r.over(name) else ""
    said = f"{label}: memorised at {np.median(memorised):,.0f}"
    if np.isfinite(grokked).all():
        return f"{said}, grokked at {np.median(grokked):,.0f}, ratio {np.median(grokked / np.maximum(memorised, 1)):.3g}"
    return f"{said}, not grokked by step {last:,} (censored)" if r.over(name) else f"{said}, not grokked yet"
