"""The figures of double descent: means with standard errors over draws, theory, which is of means, in the same colour beside them.

Near the threshold a mean over draws of the shortest fit has no finite expectation: there the test error has its median, which no theory
stands beside: it has a figure of its own. A ridge keeps the mean finite, so its
curves are means everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Basis, Condition, Figure, Marker, PictureSpec, Quantity, Series, Summary, one_of, within
from engine.data.regression import NONE
from engine.phenomena.double_descent.config import NESTED
from engine.phenomena.double_descent.curves import KINDS, Kind
from engine.phenomena.double_descent.fourier import figures as fourier
from engine.phenomena.double_descent.model import LEAST, NEAR, Whole
from engine.phenomena.double_descent.multiple import figures as multiple
from engine.phenomena.double_descent.network import figures as network
from engine.phenomena.double_descent.stopping import figures as stopping
from engine.readings import summarised
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent

RATIO, RATIO_NEAR = Axis("p/n", lo=0.0), Axis("p/n")
MSE = Axis("MSE", log=True, lo=0.01, hi=100.0)  # the peak is infinite in any case
VALLEYS_SEEN = Axis("MSE up to 4", log=True, hi=4.0)  # so low that the valleys are told apart; the peak leaves the figure
UNSETTLED = Condition("ridge times n below 9", lambda config: config.ridge * config.n < DAMPED**2)  # see `_settles`
NESTED_FIGURES = (
    Figure("test-mse", "Test error", RATIO, VALLEYS_SEEN,
           ("test-mse/*[!n]",),  # medians, -median, have a figure of their own
           "means over draws; noise of the test label included"),
    Figure(
        "bias-variance", "Bias-variance over X, y", RATIO, MSE, ("bias-variance/*",),
        "luck of X is variance",
        empty="needs features that stay while training sets change: fills with the knob features at identity",
        domain=(one_of("features", "identity"), one_of("dataset", NONE)),
    ),
    Figure(
        "given-inputs", "Bias-variance given X", RATIO, MSE, ("given-inputs/*",),
        "luck of X is bias",
        empty="needs a known true function: digits have none, so it fills with the knob features at identity or relu",
        domain=(one_of("features", "identity", "relu"), one_of("dataset", NONE)),
    ),
    Figure("norm", "Norm of the solution", RATIO, Axis("|w|^2", log=True),
           ("norm/*",)),
    Figure("ridge", "Ridge", RATIO, replace(VALLEYS_SEEN, label="MSE up to 10", hi=10.0), ("ridge/*",)),
    Figure(
        "rff", "Real digits", Axis("Fourier features N", log=True), Axis("MSE up to 10", log=True, hi=10.0),
        ("rff/mse",),
        "summed over classes; 2,000 test images",
        empty="fills with the knob digits above 0, as in preset quick",
        domain=(within("digits", 1),),
    ),
    Figure(
        "random-features", "ReLU features", Axis("N/n", lo=0.0), VALLEYS_SEEN,
        ("random-features/*",),
        "n=180 points on a sphere of d=60 dimensions; theory: Mei-Montanari",
        empty="fills with the knob relu draws above 0, as in preset quick",
        domain=(within("relu_draws", 1),),
    ),
    Figure("peak", "Peak of the test error", RATIO_NEAR, Axis("MSE", log=True), ("test-mse/*-median",), "no mean near n, so medians",
           empty="fills where means near n do not settle: without tuned, ridge small", domain=(one_of("tuned", False), UNSETTLED)),
)  # fmt: skip
FIGURES = (
    *(replace(figure, empty=figure.empty or "fills with study nested", domain=(NESTED, *figure.domain)) for figure in NESTED_FIGURES),
    *multiple.FIGURES, *stopping.FIGURES, *fourier.FIGURES, *network.FIGURES,
)  # fmt: skip
PICTURES = (PictureSpec("fits", "Fits below, at and above n", domain=(NESTED,)), multiple.PICTURE, stopping.PICTURE)
VALLEYS = {
    "peak": "p of the peak", "height": "test MSE at the peak", "first": "p of the first valley", "first-low": "test MSE of the first",
    "second": "p of the second valley", "second-low": "test MSE of the second",
}  # fmt: skip
QUANTITIES = (
    Quantity("draws", "draws so far", per="run"),
    *(Quantity(f"simulated-{name}", f"{label}, of the median draw", per="run") for name, label in VALLEYS.items()),
    *(Quantity(f"predicted-{name}", f"{label}, of theory", per="run") for name, label in VALLEYS.items()),
    Quantity("fast-path-difference", "relative difference from lstsq", per="run"),
    *multiple.QUANTITIES,
    *stopping.QUANTITIES,
    *fourier.QUANTITIES,
    *network.QUANTITIES,
)
THEORY = "theory"
FEWEST_SETS = 3  # training sets before a mean fit is drawn
DAMPED = 3.0  # singular values that a ridge must damp at p = n for means over draws to settle there
ROUNDING = 1e-10  # a squared bias below this is 0: the risk of a fit in the span of the features is a difference of numbers near 1


def main_curves(run: DoubleDescent) -> Iterator[Series]:
    """The figures of the main curve: test MSE, bias and variance, norm."""
    yield from _simulation_and_theory(run, "test-mse", run.kind, "test", _name(run, run.kind), run.kind)
    yield from _minima(run)
    for quantity, label in (("bias", "bias^2"), ("variance", "variance")):
        found = list(_simulation_and_theory(run, "given-inputs", run.kind, quantity, label, quantity))
        yield from found if any((item.y > 0).any() for item in found) else ()  # without noise all of the variance is 0
    yield from _over_training_sets(run)
    yield from _simulation_and_theory(run, "norm", run.kind, "norm", _name(run, run.kind), run.kind)


def ridge_curves(run: DoubleDescent) -> Iterator[Series]:
    """Test MSE without ridge, with a small and with the best one: three curves, whose theory DD4 and the first figure speak of."""
    for kind in KINDS:
        found = _simulation_and_theory(run, "ridge", kind, "test", _name(run, kind), kind)
        yield from (item for item in found if item.kind == "measured" and not item.name.endswith("-median"))


def companion_curves(run: DoubleDescent) -> Iterator[Series]:
    """Random ReLU features, and real digits: whole curves, or the first as far as it goes."""
    model, n = run.relu_model, run.relu_model.n
    if run.relu.count:
        yield from _means_and_medians("random-features/simulation", "min-norm", run.relu_p, n, run.relu.stack("test"), "zero")
    if run.relu_tasks:
        theory, name = model.limit(np.arange(model.D + 1)), "random-features/theory"
        yield Series(name, f"min-norm, {THEORY}", theory.p / n, theory.test, kind="theory", basis="asymptotic", group="zero")
    curves = run.digits.whole or run.digits.curves[:1]
    if curves:
        found = np.array([curve.mse for curve in curves])
        yield summarised("rff/mse", "test MSE", curves[0].N, found.T, Summary.MEDIAN_QUARTILES, basis="simulation", group="mse")


def markers(run: DoubleDescent) -> Iterator[Marker]:
    """The threshold in every figure, and how low the first valley is, which the second one is held against."""
    found = run.predicted or run.simulated()
    if found is not None and found.second_below is not None:
        yield Marker("test-mse", "y", found.first_low, "first valley", brief="first valley")
    for figure in ("test-mse", "peak", "bias-variance", "norm", "ridge"):
        yield Marker(figure, "x", 1.0, "p=n")
    yield Marker("random-features", "x", 1.0, "N=n")
    if run.digits.model is not None:
        yield Marker("rff", "x", run.digits.model.n, "N=n")


def _name(run: DoubleDescent, kind: Kind) -> str:
    return {"zero": "min-norm", "small": f"ridge lambda = {run.ridges.constant:g}", "best": "optimal ridge"}[kind]


def _minima(run: DoubleDescent) -> Iterator[Series]:
    """The lower minimum, of theory where there is one, with a name that says which valley it is."""
    theory, found = run.theory[run.kind], run.predicted or run.simulated()
    if found is not None and found.second_below is not None:
        basis: Basis = "simulation" if theory is None else theory.basis
        valley, p, height = ("second", found.second, found.second_low) if found.second_below else ("first", found.first, found.first_low)
        x, y = np.array([p]) / run.model.n, np.array([height])
        yield Series("test-mse/minima-lowest", f"lowest: {valley} valley", x, y, basis=basis, style="points", group="minimum")


def _simulation_and_theory(run: DoubleDescent, figure: str, kind: Kind, quantity: str, label: str, group: str) -> Iterator[Series]:
    found, theory = run.curves(kind, quantity), run.theory[kind]
    if found is not None:
        p, draws = found
        drawn = np.where(draws < ROUNDING, 0.0, draws)
        seen = _seen(p, drawn)
        p, drawn = p[seen], drawn[:, seen]
        if _settles(run, kind):
            yield summarised(
                f"{figure}/{group}", label, p / run.model.n, drawn.T, Summary.MEAN_ERROR, "draws", basis="simulation", group=group
            )
        else:
            yield from _means_and_medians(f"{figure}/{group}", label, p, run.model.n, drawn, group)
    predicted = None if theory is None else getattr(theory, quantity)
    if theory is not None and predicted is not None:
        x, name, seen = theory.p / run.model.n, f"{figure}/{group}-theory", _seen(theory.p, predicted)
        yield Series(name, f"{label}, {THEORY}", x[seen], predicted[seen], kind="theory", basis=theory.basis, group=group)


def _seen(p: Whole | Floats, values: Floats) -> NDArray[np.bool_]:
    """Which p (k,) of values (..., k) a logarithmic axis begins with: a fit of nothing has norm and variance 0."""
    return np.asarray((p > 0) | (values != 0).any(axis=tuple(range(values.ndim - 1))))


def _settles(run: DoubleDescent, kind: Kind) -> bool:
    """Whether means over draws settle near p = n too, where the k-th smallest singular value is about k/sqrt(n): a ridge damps some."""
    return kind == "best" or (kind == "small" and run.ridges.constant * run.model.n >= DAMPED**2)


def _over_training_sets(run: DoubleDescent) -> Iterator[Series]:
    """Squared bias and variance by their definition, without ridge; theory with the ridge of the main curve too."""
    n, fit, theory = run.model.n, run.mean_fit, run.theory[run.kind]
    names = (("bias", "bias^2"), ("variance", "variance"))
    if run.kind == "zero" and fit is not None and fit.count >= FEWEST_SETS:
        for (group, label), (value, error) in zip(names, fit.decomposed(), strict=True):
            band = f"standard error of {fit.count} training sets"
            x, shown = fit.p / n, np.where(value < ROUNDING * np.max(value), 0.0, value)
            lo, hi = (np.where(value > error, value + side * error, np.nan) for side in (-1, 1))  # none that reaches 0, on a log axis
            x, shown, lo, hi = (values[_seen(fit.p, shown)] for values in (x, shown, lo, hi))
            yield Series(f"bias-variance/{group}", label, x, shown, lo, hi, band, basis="simulation", group=group)
    if theory is not None and theory.over_sets is not None:
        for (group, label), values in zip(names, theory.over_sets, strict=True):
            name, x, seen = f"bias-variance/{group}-theory", theory.p / n, _seen(theory.p, values)
            yield Series(name, f"{label}, {THEORY}", x[seen], values[seen], kind="theory", basis=theory.basis, group=group)


def _means_and_medians(name: str, label: str, p: Whole, n: int, draws: Floats, group: str) -> Iterator[Series]:
    """The mean of draws (draws, k) with its standard error where it has one; near n the median of test errors, with quartiles."""
    away, near = np.abs(p - n) >= LEAST, np.abs(p - n) <= NEAR
    looks: Any = {"of": "draws", "basis": "simulation", "group": group}
    yield summarised(name, label, p[away] / n, draws[:, away].T, Summary.MEAN_ERROR, **looks)
    if near.any() and name.startswith(("test-mse/", "ridge/")):
        yield summarised(f"{name}-median", "median near n", p[near] / n, draws[:, near].T, Summary.MEDIAN_QUARTILES, **looks)
