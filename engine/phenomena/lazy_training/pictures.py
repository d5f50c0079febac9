"""Pictures of lazy training: where the strongest hidden neurons point before and after, and what their kernel sees.

Directions are projected on the plane that shows the teacher best (its two leading singular directions); of imported data, on the plane
of the inputs' two principal directions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Layer, Picture
from engine.phenomena.lazy_training.config import ScaleAndWidth
from engine.theory.kernels.tangent_kernel import alignment

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.experiment import LazyTraining

Floats = NDArray[np.float64]

BLOCKS = 40  # cells along a side of a kernel's picture
REACH = 1.05
STAYS = 0.05  # a direction that moves by less, of length 1, is drawn as unmoved: a fortieth of the plane
END = {"rich": "smallest", "lazy": "largest"}  # of the output scales, by the picture's name


def directions(run: LazyTraining, name: str, setting: ScaleAndWidth) -> Picture:
    """Return unit directions w_j/|w_j| of the strongest quarter of the neurons, by |a_j||w_j|, before and after, with the teacher's."""
    student = run.students[setting.m, run.seeds[0]]
    teacher, before, after = student.problem.teacher, (student.W, student.a), run.weights(setting)
    own = run.config.own is not None
    plane = teacher.T if own else plane_of(teacher)  # of other data, `teacher` are two orthonormal directions
    began, ended = _directions(before[0]), _directions(after[0])
    first, last = _strongest(*before), _strongest(*after)
    stays = np.linalg.norm(ended - began, axis=1) < STAYS  # (m,)
    parts = {"before": began[first[~stays[first]]], "unmoved": ended[last[stays[last]]], "after": ended[last[~stays[last]]]}
    layers = tuple(  # one without points keeps its colour from the others, and has no name in the legend
        Layer("points", xy @ plane, group if len(xy) else "", group) for group, xy in parts.items()
    )
    if not own:
        layers = (*layers, Layer("points", teacher @ plane, "teacher", "teacher"))
    shares, whose = (in_span(*before, teacher), in_span(*after, teacher)), "this plane" if own else "the teacher's span"
    note = f"directions of the {len(last)} with the largest |a||w|; in {whose}: {shares[0]:.0%}, now {shares[1]:.0%}"
    title = f"Strongest neurons, {END[name]} alpha"
    axes = ("principal component 1", "component 2") if own else ("teacher's component 1", "component 2")
    extent = (-REACH, REACH, -REACH, REACH)
    return Picture(
        f"directions/{name}",
        title,
        layers=layers,
        extent=extent,
        x=axes[0],
        y=axes[1],
        equal=True,
        note=note,
    )


def plane_of(teacher: Floats) -> Floats:
    """Return two orthonormal directions, (d, 2), that hold as much of the unit rows of `teacher` as two can."""
    filled = np.vstack([teacher, 1e-6 * np.eye(teacher.shape[1])])  # a lone direction still spans a plane
    return np.asarray(np.linalg.svd(filled)[2][:2].T)


def in_span(W: Floats, a: Floats, teacher: Floats) -> float:
    """Return the share of sum_j |a_j||w_j| that lies in the span of the teacher's directions, lengths squared."""
    basis = np.linalg.qr(teacher.T)[0]  # (d, k)
    lengths = np.linalg.norm(W, axis=1)
    inside = np.sum((W @ basis) ** 2, axis=1) / np.maximum(lengths, 1e-300) ** 2
    return float(np.average(inside, weights=np.abs(a) * lengths))


def _directions(W: Floats) -> Floats:
    return np.asarray(W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-300))


def _strongest(W: Floats, a: Floats) -> NDArray[np.intp]:
    """Return which neurons are the strongest quarter, by |a_j||w_j|."""
    return np.argsort(-np.abs(a) * np.linalg.norm(W, axis=1))[: max(1, len(a) // 4)]


def kernel_picture(run: LazyTraining, name: str, setting: ScaleAndWidth, start: bool = False) -> Picture:
    """Return a kernel over its mean diagonal, examples in the order of their targets, averaged over blocks."""
    y, kernel = run.students[setting.m, run.seeds[0]].problem.y, run.kernel(setting, start)
    values = in_blocks(kernel / np.mean(np.diagonal(kernel)), np.argsort(y))
    title, note = ("Kernel before", "") if start else (f"Kernel after, alpha {setting.label}", "")
    note += f"alignment with the targets {alignment(kernel, y):.3f}"
    change = run.readings.latest("kernel-change", setting.name)[0]
    if start and np.isfinite(change):
        note += f"; at alpha {setting.label} it has changed by {change:.1e}"
    label, shade = "sorted by y", "K / mean of diagonal"
    return Picture(f"kernel/{name}", title, values, lo=0.0, hi=float(values.max()), x=label, y=label, note=note, shade=shade)


def in_blocks(kernel: Floats, order: NDArray[np.intp]) -> Floats:
    """Return means of a kernel (n, n) over blocks of neighbouring examples, at most (BLOCKS, BLOCKS)."""
    parts = np.array_split(order, min(BLOCKS, len(order)))
    means = np.stack([kernel[part].mean(0) for part in parts])
    return np.stack([means[:, part].mean(1) for part in parts], axis=1)
