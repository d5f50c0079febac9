"""Pictures of lazy training: where the hidden neurons point before and after, and what their kernel sees.

Directions are projected on the plane that shows the teacher best (its two leading singular directions).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.contract import Layer, Picture
from engine.studies.lazy_training.experiment import Experiment

Floats = NDArray[np.float64]

BLOCKS = 40  # cells along a side of a kernel's picture
REACH = 1.05


def directions(experiment: Experiment, name: str, number: int) -> Picture:
    """Return the unit directions w_j/|w_j| of a network before and after training, with the teacher's."""
    student, member = experiment.student(number), experiment.members[number]
    plane = plane_of(student.problem.teacher)
    after, _ = experiment.weights(number)
    layers = (
        Layer("points", _unit(student.W) @ plane, "before", "before"),
        Layer("points", _unit(after) @ plane, "after", "after"),
        Layer("rings", student.problem.teacher @ plane, "teacher", "teacher"),
    )
    note = f"{member.m} neurons at step {experiment.taken[number]:,.0f}"
    title = f"Hidden directions, alpha {member.alpha:g}"
    extent = (-REACH, REACH, -REACH, REACH)
    return Picture(f"directions/{name}", title, layers=layers, extent=extent, x="teacher's plane", y="", equal=True, note=note)


def plane_of(teacher: Floats) -> Floats:
    """Return two orthonormal directions, (d, 2), that hold as much of the unit rows of `teacher` as two can."""
    filled = np.vstack([teacher, 1e-6 * np.eye(teacher.shape[1])])  # a lone direction still spans a plane
    return np.asarray(np.linalg.svd(filled)[2][:2].T)


def _unit(W: Floats) -> Floats:
    return np.asarray(W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-300))


def kernel_picture(experiment: Experiment, name: str, number: int, start: bool = False) -> Picture:
    """Return a kernel over its mean diagonal, examples in the order of their targets, averaged over blocks."""
    problem, member = experiment.student(number).problem, experiment.members[number]
    kernel = experiment.kernel(number, start)
    values = in_blocks(kernel / np.mean(np.diagonal(kernel)), np.argsort(problem.y))
    title = "Kernel before" if start else f"Kernel after, alpha {member.alpha:g}"
    y = problem.y / np.linalg.norm(problem.y)
    aligned = float(y @ kernel @ y / np.linalg.norm(kernel))
    note = f"alignment with the targets {aligned:.3f}"
    label = "examples by target"
    return Picture(f"kernel/{name}", title, values, lo=0.0, hi=float(values.max()), x=label, y=label, note=note)


def in_blocks(kernel: Floats, order: NDArray[np.intp]) -> Floats:
    """Return means of a kernel (n, n) over blocks of neighbouring examples, at most (BLOCKS, BLOCKS)."""
    parts = np.array_split(order, min(BLOCKS, len(order)))
    means = np.stack([kernel[part].mean(0) for part in parts])
    return np.stack([means[:, part].mean(1) for part in parts], axis=1)
