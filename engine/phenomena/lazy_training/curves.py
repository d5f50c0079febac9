"""Curves of lazy training: readings over the output scale and over the width, losses over steps, and what theory says of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series
from engine.phenomena.lazy_training.experiment import Experiment
from engine.phenomena.lazy_training.members import WIDTH_SCALE, chosen
from engine.readings import History

Floats = NDArray[np.float64]

OVER_ALPHA = {
    "weight-change": "|w-w0|/|w0|", "kernel-change": "|K-K0|/|K0|", "kernel-rotation": "1 - cos(K0, K)", "gap": "network - linearised",
    "test-error": "network", "alignment": "cos(K, y y^T)", "flipped": "flipped ReLUs",
}  # fmt: skip
OVER_WIDTH = ("weight-change", "kernel-change", "gap")
GUIDE = 10.0  # output scale through which the 1/alpha guides pass


def banded(name: str, label: str, x: Floats, values: Floats, group: str, **more: object) -> Series:
    """Return the mean of values (k, seeds) with their range; places without a reading are left out."""
    there = np.isfinite(values).all(1)
    x, values = x[there], values[there]
    many = values.shape[1] > 1
    band = f"range of {values.shape[1]} seeds" if many else ""
    lo, hi = (values.min(1), values.max(1)) if many else (None, None)
    return Series(name, label, x, values.mean(1), lo, hi, band, group=group, **more)  # type: ignore[arg-type]


def over_alpha(experiment: Experiment, alphas: Floats, m: int) -> list[Series]:
    """Return every reading over the output scale, of the networks of width m."""
    numbers = np.array([chosen(experiment.members, alpha, m) for alpha in alphas])  # (A, seeds)
    found = [banded(name, label, alphas, experiment.column(name)[numbers], name) for name, label in OVER_ALPHA.items()]
    drawn = {series.name: series for series in found}
    guides = [guide(drawn[name], "1/alpha") for name in ("kernel-change", "gap")]
    return [*found, *(one for one in guides if one is not None), *_limits(experiment, alphas, m)]


def guide(series: Series, label: str, power: float = -1.0) -> Series | None:
    """Return a line of this log-log slope through the first point of the series from GUIDE on, if there are two."""
    after = np.flatnonzero(series.x >= GUIDE)
    if after.size < 2 or series.y[after[0]] <= 0:
        return None
    x = series.x[after]
    y = series.y[after[0]] * (x / x[0]) ** power
    return Series(f"{series.name}/guide", label, x, y, kind="theory", basis="asymptotic", group="guide")


def _limits(experiment: Experiment, alphas: Floats, m: int) -> list[Series]:
    """The linearised model's way, which is alpha times that of the weights, and its test error."""
    students = [student for (width, _), student in sorted(experiment.students.items()) if width == m]
    lazy = alphas[alphas >= 1] if np.any(alphas >= 1) else alphas
    way = np.array([[float(one.linearised(alpha).displacement([np.inf])[0]) / (alpha * one.length) for one in students] for alpha in lazy])
    errors = np.tile([one.limit_error for one in students], (2, 1))
    ends = np.array([alphas[0], alphas[-1]])
    return [
        banded("weight-change/theory", "linearised, ~1/alpha", lazy, way, "linearised", kind="theory", basis="exact"),
        banded("test-error/linearised", "linearised limit", ends, errors, "linearised", kind="theory", basis="exact"),
    ]


def over_width(experiment: Experiment) -> list[Series]:
    """Return what freezes with the width, at output scale 1, where there are two widths at least."""
    widths = sorted({member.m for member in experiment.members if member.alpha == WIDTH_SCALE})
    if len(widths) < 2:
        return []
    numbers = np.array([chosen(experiment.members, WIDTH_SCALE, m) for m in widths])
    x = np.array(widths, dtype=np.float64)
    found = [banded(f"width/{name}", OVER_ALPHA[name], x, experiment.column(name)[numbers], name) for name in OVER_WIDTH]
    limits = np.array([[experiment.student(number).limit_error for number in row] for row in numbers])
    found.append(banded("width-error/network", "network", x, experiment.column("test-error")[numbers], "test-error"))
    root = guide(found[0], "1/sqrt(m)", -0.5)
    found += [root] if root is not None else []
    return [*found, banded("width-error/linearised", "linearised limit", x, limits, "linearised", kind="theory", basis="exact")]


def training(experiment: Experiment, history: History, alphas: Floats, m: int) -> list[Series]:
    """Return every scale's loss over steps, relative to the first, and the linearised model's."""
    steps, residuals = history.column("train-residual")  # (k,), (k, members)
    if not steps.size:
        return []
    found = []
    for alpha in alphas:
        loss = residuals[:, chosen(experiment.members, alpha, m)] ** 2
        found.append(banded(f"training/{alpha:g}", f"{alpha:g}", np.maximum(steps, 0.8), loss, f"alpha {alpha:g}"))
    return [*found, *_linearised_training(experiment, steps, m, float(alphas[-1]))]


def _linearised_training(experiment: Experiment, steps: Floats, m: int, alpha: float) -> Sequence[Series]:
    numbers = chosen(experiment.members, alpha, m)
    losses = []
    for number in numbers:
        student = experiment.student(number)
        left = student.linearised(alpha).residuals(steps, experiment.rates[number])
        losses.append(np.sum(left**2, axis=1) / np.sum(student.problem.y**2))
    values = np.stack(losses, axis=1)
    return [banded("training/linearised", "linearised", np.maximum(steps, 0.8), values, "linearised", kind="theory", basis="exact")]
