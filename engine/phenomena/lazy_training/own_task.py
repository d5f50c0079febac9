"""Published images or imported data as the task of a student: inputs on the unit sphere, targets of variance 1 or signs.

Every column (of images, all pixels) is scaled by the training rows; a constant 1 stands beside the inputs before they are projected, so
that rows that differ stay apart, and plays the part of a bias. Real targets are scaled by the training rows; of classes, the first half
is -1 and the rest +1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data import own
from engine.data.published import PUBLISHED
from engine.data.registry import load
from engine.data.split import column_moments, moments
from engine.errors import ProblemError
from engine.phenomena.lazy_training.problem import TESTED, Problem
from engine.seeds import streams

Floats = NDArray[np.float64]
PLANE = 2  # principal directions of the inputs that stand where the teacher's would


def draw_own_problem(seed: int, n: int, name: str, sha256: str) -> Problem:
    """Return the task of a seed on a published data set, or on an imported one with this content.

    Raises:
        DataError: the data set is not here, or has another content.
        ProblemError: all training targets are equal.
    """
    if name in PUBLISHED:
        split = load(name, n, min(TESTED, PUBLISHED[name].tests), streams(seed))
        x, y = np.vstack([split.x, split.x_test]).astype(np.float64), np.concatenate([split.y, split.y_test])
        return _task(x, np.where(y < split.classes // 2, -1.0, 1.0), n, name, image=True)
    data = own.load(name, sha256)
    assert data.inputs is not None  # of classes and of targets
    entry = own.find(name)
    chosen = streams(seed).data.permutation(entry.rows)[: n + min(TESTED, entry.rows - n)]
    x, y = data.inputs[chosen].astype(np.float64), data.y[chosen]
    targets = np.where(y < len(data.classes) // 2, -1.0, 1.0) if data.classes else _scaled(y, n)
    return _task(x, targets, n, name, image=entry.image)


def _task(x: Floats, targets: Floats, n: int, name: str, *, image: bool) -> Problem:
    """Return the task of n training rows, the first, and the others to test."""
    mean, deviation = moments(x[:n]) if image else column_moments(x[:n])
    points = np.column_stack([(x - mean) / deviation, np.ones(len(x))])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    if np.ptp(targets[:n]) == 0:
        raise ProblemError(f"all {n} training targets of {name} are equal", "raise n, or take another seed")
    return Problem(points[:n], targets[:n], points[n:], targets[n:], principal(points[:n]), np.zeros(0))


def _scaled(y: Floats, n: int) -> Floats:
    mean, deviation = moments(y[:n])
    return np.asarray((y - mean) / deviation)


def principal(points: Floats) -> Floats:
    """Return the leading principal directions of points (n, d) as unit rows, (2, d)."""
    return np.asarray(np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][:PLANE])


def told(name: str) -> str:
    """What is to be said of a task on a published or an imported data set."""
    if name in PUBLISHED:
        rows, features, classes = PUBLISHED[name].train, PUBLISHED[name].features, PUBLISHED[name].classes
    else:
        entry = own.find(name)
        rows, features, classes = entry.rows, entry.features, entry.classes
    half = len(classes) // 2
    sides = (", ".join(part[:3]) for part in (classes[:half], classes[half:]))
    targets = f"targets: {' against '.join(sides)}" if half else "targets scaled to variance 1"
    return f"{name}: {rows:,} rows of {features:,} features with a constant beside, on the unit sphere; {targets}"
