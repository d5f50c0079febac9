"""The figures of double descent: medians with quartiles over draws, theory in the same colour beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Basis, Figure, Marker, PictureSpec, Quantity, Series, Summary
from engine.phenomena.double_descent.curves import KINDS, Kind
from engine.readings import summarised
from engine.theory.inputs import Floats
from engine.theory.linear_models.ridgeless import noise_lower_bound

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent

RATIO = Axis("p/n", lo=0.0)
MSE, PART = Axis("test MSE", log=True, hi=100.0), Axis("part of the risk", log=True, hi=100.0)  # the peak is infinite in any case
FIGURES = (
    Figure("test-mse", "Test error", RATIO, MSE, ("test-mse/*",), "over the noise of the test label as well"),
    Figure(
        "bias-variance", "Bias and variance", RATIO, PART, ("bias-variance/*",),
        "variance: over label noise; squared bias: the risk without label noise, in which omitted features act as noise",
        empty="needs a known true function: digits have none, so it fills with the knob features at identity or relu",
    ),
    Figure("norm", "Norm of the solution", RATIO, Axis("|w|^2", log=True), ("norm/*",)),
    Figure("ridge", "Ridge", RATIO, MSE, ("ridge/*",)),
    Figure(
        "rff", "Real digits, Fourier features", Axis("features N", log=True), Axis("MSE summed over classes, error", log=True), ("rff/*",),
        "test error is the share of 2,000 images misread", empty="fills with the knob digits above 0, as in preset quick",
    ),
    Figure(
        "random-features", "Random ReLU features", Axis("N/n", lo=0.0), MSE, ("random-features/*",),
        "n=180 points on a sphere of d=60 dimensions", empty="fills with the knob relu draws above 0, as in preset quick",
    ),
)  # fmt: skip
PICTURES = (PictureSpec("fits", "Fits below, at and above n"),)
VALLEYS = {
    "peak": "p of the peak", "height": "test MSE at the peak", "first": "p of the first valley", "first-low": "test MSE of the first",
    "second": "p of the second valley", "second-low": "test MSE of the second",
}  # fmt: skip
QUANTITIES = (
    Quantity("draws", "draws so far", per="run"),
    *(Quantity(f"simulated-{name}", f"{label}, of the median draw", per="run") for name, label in VALLEYS.items()),
    *(Quantity(f"predicted-{name}", f"{label}, of theory", per="run") for name, label in VALLEYS.items()),
    Quantity("fast-path-difference", "relative difference from lstsq", per="run"),
)
ROUNDING = 1e-10  # a squared bias below this is 0: the risk of a fit in the span of the features is a difference of numbers near 1


def main_curves(run: DoubleDescent) -> Iterator[Series]:
    """The figures of the main curve: test MSE with the tuned curve, bias and variance, norm."""
    kinds: tuple[Kind, ...] = (run.kind,) if run.kind == "best" else (run.kind, "best")
    for kind in kinds:
        yield from _simulation_and_theory(run, "test-mse", kind, "test", _name(run, kind), kind)
    yield from _minima(run)
    for quantity, label in (("variance", "variance"), ("bias", "bias^2")):
        yield from _simulation_and_theory(run, "bias-variance", run.kind, quantity, label, quantity)
    if run.kind == "zero" and "variance" in run.model.quantities and run.config.sigma > 0:
        p, n = run.p[1:], run.model.n
        bound = noise_lower_bound(n, p, run.config.sigma**2)
        yield Series("bias-variance/bound", "bound", p / n, bound, kind="theory", basis="bound", group="bound")
    yield from _simulation_and_theory(run, "norm", run.kind, "norm", _name(run, run.kind), run.kind)


def ridge_curves(run: DoubleDescent) -> Iterator[Series]:
    """Test MSE without ridge, with a small and with the best one."""
    for kind in KINDS:
        yield from _simulation_and_theory(run, "ridge", kind, "test", _name(run, kind), kind)


def companion_curves(run: DoubleDescent) -> Iterator[Series]:
    """Random ReLU features, and real digits: whole curves, or the first as far as it goes."""
    model, n = run.relu_model, run.relu_model.n
    if run.relu.count:
        yield _over_draws("random-features/simulation", "min-norm", run.relu_p / n, run.relu.stack("test"), "zero")
    if run.relu_tasks:
        theory, name = model.limit(np.arange(model.D + 1)), "random-features/theory"
        yield Series(name, "Mei-Montanari", theory.p / n, theory.test, kind="theory", basis="asymptotic", group="zero")
    curves = run.digits.whole or run.digits.curves[:1]
    for quantity, label in (("mse", "test MSE"), ("error", "test error")) if curves else ():
        yield _over_draws(
            f"rff/{quantity}", label, curves[0].N, np.array([getattr(curve, quantity) for curve in curves]), quantity, "seeds"
        )


def markers(run: DoubleDescent) -> Iterator[Marker]:
    """The threshold in every figure."""
    for figure in ("test-mse", "bias-variance", "norm", "ridge"):
        yield Marker(figure, "x", 1.0, "p=n")
    yield Marker("random-features", "x", 1.0, "N=n")
    if run.digits.model is not None:
        yield Marker("rff", "x", run.digits.model.n, "N=n")


def valley_sentence(run: DoubleDescent) -> tuple[str, ...]:
    """Which valley is lower, in a sentence: by theory, and by the median of the draws."""
    found = [
        f"{'yes' if valleys.second_below else 'no'} by {source} ({valleys.first_low:.4g} at p={valleys.first:g}, "
        f"{valleys.second_low:.4g} at p={valleys.second:g})"
        for source, valleys in (("theory", run.predicted), (f"{run.drawn.count} draws", run.simulated()))
        if valleys is not None and valleys.second_below is not None
    ]
    return (f"second below first: {', '.join(found)}",) if found else ()


def _name(run: DoubleDescent, kind: Kind) -> str:
    return {"zero": "min-norm", "small": f"ridge {run.ridges.constant:g}", "best": "tuned"}[kind]


def _minima(run: DoubleDescent) -> Iterator[Series]:
    """Both minima, of theory where there is one, and in the label which is lower."""
    theory, found = run.theory[run.kind], run.predicted or run.simulated()
    if found is not None and found.second_below is not None:
        x, y = np.array([found.first, found.second]) / run.model.n, np.array([found.first_low, found.second_low])
        label = f"second below first: {'yes' if found.second_below else 'no'}"
        basis: Basis = "simulation" if theory is None else theory.basis
        yield Series("test-mse/minima", label, x, y, basis=basis, style="points", group="minima")


def _simulation_and_theory(run: DoubleDescent, figure: str, kind: Kind, quantity: str, label: str, group: str) -> Iterator[Series]:
    found, theory = run.curves(kind, quantity), run.theory[kind]
    if found is not None:
        p, draws = found
        yield _over_draws(f"{figure}/{group}", label, p / run.model.n, np.where(draws < ROUNDING, 0.0, draws), group)
    predicted = None if theory is None else getattr(theory, quantity)
    if theory is not None and predicted is not None:
        label = "exact" if theory.basis == "exact" else "limit"
        x, name = theory.p / run.model.n, f"{figure}/{group}-theory"
        yield Series(name, label, x, predicted, kind="theory", basis=theory.basis, group=group)


def _over_draws(name: str, label: str, x: Floats, draws: Floats, group: str, of: str = "draws") -> Series:
    """Return the median of draws (k, points) with their quartiles; one draw has no band."""
    return summarised(name, label, x, draws.T, Summary.MEDIAN_QUARTILES, of, basis="simulation", group=group)
