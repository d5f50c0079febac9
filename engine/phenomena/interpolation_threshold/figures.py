"""What is drawn of an interpolation threshold: figures and pictures, medians over the draws, a histogram of eigenvalues, markers."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series, Summary
from engine.phenomena.interpolation_threshold.sweep import SHOWN
from engine.phenomena.interpolation_threshold.theory import spectral_law
from engine.readings import summarised
from engine.theory.inputs import Floats
from engine.theory.spectra.marchenko_pastur import edges

if TYPE_CHECKING:
    from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold
    from engine.state import Draws

BINS = 30  # of the histogram
NEAR, APART = 0.025, 0.12  # d/n between two medians drawn, so that theory is seen between them; those NEAR d = n are all drawn
SQUARES = 12  # of the draws' distribution: so many let the law be seen between them

GAMMA, ERROR = Axis("d/n"), "MSE"
FIGURES = (
    Figure("test-mse", "Test error", GAMMA, Axis(ERROR, log=True), ("test-mse/*",), "exact mean: infinite at |d - n| <= 1"),
    Figure("train-mse", "Training error", GAMMA, Axis(ERROR, lo=0.0), ("train-mse/*",)),
    Figure("norm", "Squared norm", GAMMA, Axis("|w|^2", log=True), ("norm/*",)),
    Figure(
        "eigenvalues", "Eigenvalues at d", Axis("eigenvalue of X^T X/n"), Axis("density", lo=0.0), ("eigenvalues/*",),
        "density of those above 0",
    ),
    Figure("smallest-eigenvalue", "Smallest eigenvalue", GAMMA, Axis("of X^T X/n", log=True), ("smallest-eigenvalue/*",), "above 0"),
    Figure(
        "smallest-at-n", "Smallest eigenvalue at d = n", Axis("n^2 smallest eigenvalue", log=True), Axis("CDF", lo=0.0, hi=1.0),
        ("smallest-at-n/*",), "of X^T X/n; Edelman's law: n to infinity",
    ),
    Figure("condition-number", "Condition number", GAMMA, Axis("s_max/s_min", log=True), ("condition-number/*",)),
)  # fmt: skip
PICTURES = (
    PictureSpec("training-error", "Training error by n, d"),
    PictureSpec("separability", "Separable random labels"),
)
QUANTITIES = (
    Quantity("draws", "draws", per="run"),
    Quantity("train-mse-at-n", "median training error at d = n", per="run"),
    Quantity("test-mse-at-n", "median test error at d = n", per="run"),
    Quantity("norm-at-n", "median squared norm at d = n", per="run"),
    Quantity("smallest-eigenvalue-at-n", "median smallest eigenvalue at d = n", per="run"),
    Quantity("condition-number-at-n", "median condition number at d = n", per="run"),
    Quantity("residual-from-n", "largest relative training residual from d = n on", per="run"),
    Quantity("singular-share", "share of draws without full rank at some d", per="run"),
    Quantity("spectral-distance", "Kolmogorov distance of the shown spectrum to its law", per="run"),
)


# ---------------------------------------------------------------- curves


def simulated(run: InterpolationThreshold) -> Iterator[Series]:
    """Medians with quartiles over the draws, the eigenvalues at the shown d, and the smallest ones at d = n."""
    n = run.design.n
    yield from _medians(run.sweeps, "simulation", "", run.widths / n)
    yield from _medians(run.digits, "digits", "digits: ", run.digit_gammas)
    yield from _histogram(run)
    if run.sweeps.done:
        smallest = np.sort(run.at_n("smallest-eigenvalue")) * n**2
        share = np.arange(1, smallest.size + 1) / smallest.size
        label = f"{smallest.size} draw{'s' * (smallest.size > 1)}"
        some = np.unique(np.linspace(0, smallest.size - 1, SQUARES).round().astype(np.int64))
        yield Series("smallest-at-n/simulation", label, smallest[some], share[some], basis="simulation", style="points", group="simulation")


def _medians(drawn: Draws, group: str, prefix: str, gamma: Floats) -> Iterator[Series]:
    if not drawn.done:
        return
    label = f"{prefix}median of {drawn.done} draws" if drawn.done > 1 else f"{prefix}1 draw"
    for name in SHOWN:
        there = ~np.isnan(drawn[name]).any(axis=0) & _apart(gamma)
        yield summarised(
            f"{name}/{group}", label, gamma[there], drawn[name][:, there].T, Summary.MEDIAN_QUARTILES, "draws",
            basis="simulation", style="points", group=group,
        )  # fmt: skip


def _apart(gamma: Floats) -> NDArray[np.bool_]:
    """Which d/n have their medians drawn, (k,)."""
    kept, last = np.abs(gamma - 1) <= NEAR, -np.inf
    for place, at in enumerate(gamma):
        kept[place] |= at - last >= APART
        last = at if kept[place] else last
    return np.asarray(kept)


def _histogram(run: InterpolationThreshold) -> Iterator[Series]:
    """Density of the eigenvalues above 0 at the shown d, beyond n the share of zeros as a bar left of 0, and the law of both."""
    n, d, drawn = run.design.n, run.shown_d, run.shown.done
    found = run.shown["eigenvalues"].ravel()
    cells = _cells(run)
    if found.size and cells is not None:
        density = np.histogram(found, bins=cells)[0] / (found.size * np.diff(cells))
        x, y = (cells[1:] + cells[:-1]) / 2, density
        if d > n:
            width = cells[1] - cells[0]
            free = np.arange(_zeros_at(cells) + width, cells[0], width)  # the gap before the bar of those above 0
            x, y = np.concatenate([[_zeros_at(cells)], free, x]), np.concatenate([[(d - n) / d], 0 * free, y])
        label = f"d = {d}, {drawn} draw{'s' * (drawn > 1)}"
        yield Series("eigenvalues/simulation", label, x, y, basis="simulation", style="bars", group="simulation")
    if run.isotropic and cells is not None:
        yield from spectral_law(d / n, _zeros_at(cells))


def _cells(run: InterpolationThreshold) -> Floats | None:
    """Edges of the histogram's bars, from the least eigenvalue above 0 to the largest, drawn or by the law; None while there is neither."""
    found = run.shown["eigenvalues"].ravel()
    ends = np.append(found[found > 0], edges(run.shown_d / run.design.n) if run.isotropic else ())
    return np.linspace(0.98 * float(ends.min()), 1.02 * float(ends.max()), BINS + 1) if ends.size else None


def _zeros_at(cells: Floats) -> float:
    """The middle of the bar that shows the share of zeros: left of 0, with at least the width of a bar between it and the others."""
    first, width = float(cells[0]), float(cells[1] - cells[0])
    return first - (max(1, ceil(first / width)) + 0.5) * width


# ---------------------------------------------------------------- maps and markers


def pictures(run: InterpolationThreshold) -> tuple[Picture, ...]:
    """Training error and separability over n and d, once a draw is there."""
    maps, sizes = run.maps, run.map_sizes
    if not maps.done:
        return ()
    half = float(sizes[0]) / 2
    x0, x1 = half, float(sizes[-1]) + half
    extent, note = (x0, x1, x0, x1), f"mean of {maps.done} draws"
    diagonal = Layer("line", np.array([[x0, x0], [x1, x1]]), "n = d")
    double = Layer("line", np.array([[x0, 2 * x0], [x1 / 2, x1]]), "n = 2d")
    error, share = run.mean_map("train-error")[::-1], run.mean_map("separable")[::-1]
    noise = run.design.sigma2 or 1.0
    return (
        Picture(
            "training-error", PICTURES[0].title, error, (diagonal,), extent, lo=0.0, hi=noise, x="d", y="n", note=note, shade="mean MSE"
        ),
        Picture(
            "separability", PICTURES[1].title, share, (double,), extent, lo=0.0, hi=1.0, x="d", y="n", note=note, shade="share of draws"
        ),
    )


def markers(run: InterpolationThreshold) -> tuple[Marker, ...]:
    """The threshold, and the bar of zeros of the shown spectrum."""
    shown = run.shown_d
    found = [Marker(name, "x", 1.0, "d = n") for name in SHOWN]
    cells = _cells(run)
    if shown > run.design.n and run.shown.done and cells is not None:
        found.append(Marker("eigenvalues", "x", _zeros_at(cells), "left of 0: share that is 0", brief="zeros"))
    return tuple(found)
