"""The figures of lazy training: what is measured over the output scale, the width and the steps, and what theory says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Basis, Condition, Figure, Marker, PictureSpec, Quantity, Series
from engine.phenomena.lazy_training.claims import LAZY
from engine.phenomena.lazy_training.config import TWO_LAYER
from engine.phenomena.lazy_training.convolutional import figures as convolutional
from engine.readings import summarised

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.experiment import LazyTraining

Floats = NDArray[np.float64]

ALPHA, WIDTH = Axis("output scale alpha", log=True), Axis("hidden neurons m", log=True)
TWO_LAYER_FIGURES = (
    Figure("test-error", "Test error", ALPHA, Axis("test MSE", log=True), ("test-error", "test-error/*"),
           "targets of variance 1"),
    Figure("weight-change", "Movement of weights", ALPHA, Axis("|w-w0|/|w0|", log=True), ("weight-change", "weight-change/*")),
    Figure("kernel-change", "Movement of kernel", ALPHA, Axis("|K-K0|/|K0|", log=True),
           ("kernel-change", "kernel-change/*")),
    Figure("gap-to-linearised", "Gap to linearised model", ALPHA, Axis("rms", log=True), ("gap", "gap/*"),
           "on test points, after the same steps; from alpha 10 on about alpha^-1/2, by ReLUs that flip"),
    Figure("training", "Training loss", Axis("step", log=True), Axis("|f-y|^2/|y|^2", log=True), ("training/*",)),
    Figure("alignment", "Kernel alignment", ALPHA, Axis("cos(K, y y^T)", lo=0.0), ("alignment",),
           "of the kernel after training with the targets y"),
)  # fmt: skip
WIDTHS = Condition("widths other than m", lambda config: bool({*config.widths} - {config.m}))
WIDTH_FIGURES = (
    Figure("width", "Kernel by width", WIDTH, Axis("relative change", log=True), ("width/*",),
           "by training at alpha 1, and from that of infinite width"),
    Figure("width-error", "Test error, alpha 1", WIDTH, Axis("test MSE", log=True), ("width-error/*",)),
)  # fmt: skip
FIGURES = (
    *(replace(figure, empty="fills with study two-layer", domain=(TWO_LAYER,)) for figure in TWO_LAYER_FIGURES),
    *(replace(figure, empty="fills with study two-layer and other widths than m", domain=(TWO_LAYER, WIDTHS)) for figure in WIDTH_FIGURES),
    *convolutional.FIGURES,
)  # fmt: skip
PICTURES = (
    PictureSpec("directions/rich", "Strongest neurons, smallest alpha", domain=(TWO_LAYER,)),
    PictureSpec("directions/lazy", "Strongest neurons, largest alpha", domain=(TWO_LAYER,)),
    PictureSpec("kernel/before", "Kernel before", domain=(TWO_LAYER,)),
    PictureSpec("kernel/rich", "Kernel after", domain=(TWO_LAYER,)),
)
OVER_ALPHA = (
    Quantity("weight-change", "|w-w0|/|w0|"), Quantity("kernel-change", "|K-K0|/|K0|"), Quantity("kernel-rotation", "1 - cos(K0, K)"),
    Quantity("gap", "network - linearised"), Quantity("test-error", "network"), Quantity("alignment", "cos(K, y y^T)"),
    Quantity("flipped", "flipped ReLUs"),
)  # fmt: skip
READ = (Quantity("train-residual", "|f-y|/|y|", finite=True), Quantity("steps-taken", "steps taken"), *OVER_ALPHA)
QUANTITIES = (*READ, *convolutional.QUANTITIES)
DRAWN = ("weight-change", "kernel-change", "gap", "test-error", "alignment")
PREDICTED = "predicted from linearised model"
FIRST = 0.8  # where step 0 stands on the logarithmic axis


def over_alpha(run: LazyTraining) -> Iterator[Series]:
    """Every reading over the output scale, at the width m; the limit of the linearised model beside it."""
    for name in DRAWN:  # one colour in every figure: each has a curve of the network alone
        label = "measured" if name in ("gap", "kernel-change") else "network"  # what theory stands beside: a prediction, or a model
        yield summarised(name, label, run.alphas, run.latest(name, run.scales), present=True, group="network")
    students = run.students_of(run.config.m)
    errors = np.tile([one.limit_error for one in students], (2, 1))
    label = f"tangent kernel K0, {errors.mean():.3f}"  # its number, since the network's curve ends on its line
    yield _theory("test-error/linearised", label, run.alphas[[0, -1]], errors)
    if not len(run.history):
        return
    yield _theory("weight-change/theory", "linearised model", run.alphas, run.ways(run.scales))
    if run.trained:  # costs a kernel for each network
        found = [run.predictions(setting) for setting in run.scales]
        changes, gaps = (np.array([[getattr(one, name) for one in row] for row in found]) for name in ("kernel_change", "gap"))
        yield _theory("kernel-change/theory", PREDICTED, run.alphas, changes, basis="asymptotic")
        yield _theory("gap/theory", PREDICTED, run.alphas, gaps, basis="asymptotic")


def over_width(run: LazyTraining) -> Iterator[Series]:
    """How the kernel freezes with the width, at output scale 1, and how near kernel and error are to those of infinite width."""
    if not run.across_widths:
        return
    m = np.array([setting.m for setting in run.across_widths], dtype=np.float64)
    changes = run.latest("kernel-change", run.across_widths)
    yield summarised("width/kernel-change", "|K-K0|/|K0|", m, changes, present=True, group="kernel-change")
    yield _from_infinite(run)
    errors = run.latest("test-error", run.across_widths)
    yield summarised("width-error/network", "network", m, errors, present=True, group="network")
    students = [run.students_of(setting.m) for setting in run.across_widths]
    limits = np.array([[student.limit_error for student in row] for row in students])
    yield _theory("width-error/linearised", "tangent kernel K0", m, limits)
    infinite = np.tile([student.problem.infinite_width_error for student in students[0]], (2, 1))
    yield _theory("width-error/infinite", "tangent kernel Kinf", m[[0, -1]], infinite, "infinite width")


def _from_infinite(run: LazyTraining) -> Series:
    """How far the kernel at the start is from that of infinite width."""
    m = np.array([setting.m for setting in run.across_widths], dtype=np.float64)
    distances = np.array([[student.from_infinite_width for student in run.students_of(setting.m)] for setting in run.across_widths])
    return summarised("width/infinite", "|K0-Kinf|/|Kinf|", m, distances, basis="exact", group="infinite width")


def training(run: LazyTraining) -> Iterator[Series]:
    """The loss of the smallest and of the largest scale over steps, relative to that of zero.

    Those between lie in one bundle with them, down to the same loss; so does the linearised model on the largest.
    """
    if not len(run.history):
        return
    for setting in dict.fromkeys((run.scales[0], run.scales[-1])):
        steps, residuals = run.readings.table("train-residual", setting.name)
        group = f"alpha {setting.label}"
        yield summarised(f"training/{setting.label}", group, np.maximum(steps, FIRST), residuals**2, present=True, group=group)


def markers(run: LazyTraining) -> Iterator[Marker]:
    """Where laziness begins, and the loss at which training stops."""
    yield Marker("training", "y", run.config.tol**2, "training stops", brief="stops")
    if run.alphas[0] < LAZY < run.alphas[-1]:
        yield from (
            Marker(figure, "x", LAZY, f"called lazy from {LAZY:g}", brief=f"lazy from {LAZY:g}")
            for figure in ("test-error", "*-change", "gap-to-linearised")
        )


def _theory(name: str, label: str, x: Floats, values: Floats, group: str = "linearised", basis: Basis = "exact") -> Series:
    return summarised(name, label, x, values, present=True, kind="theory", basis=basis, group=group)
