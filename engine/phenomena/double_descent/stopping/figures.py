"""The figures of early stopping: both risks over t, their ratio with its bound, that of their parts, and what is learnt of a direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series, Summary
from engine.phenomena.double_descent.config import STOPPING
from engine.readings import summarised
from engine.theory.inputs import Floats
from engine.theory.linear_models.early_stopping import RATIO_BOUND, isotropic_path
from engine.theory.linear_models.sample_wise import Directions
from engine.theory.spectra.deterministic_equivalent import equivalent

if TYPE_CHECKING:
    from engine.phenomena.double_descent.stopping.problems import Problem
    from engine.phenomena.double_descent.stopping.study import EarlyStopping

T, EMPTY, DOMAIN = Axis("t = 1/lam", log=True), "fills with preset early-stopping", (STOPPING,)
FIGURES = (
    Figure("paths", "Early stopping, ridge", T, Axis("risk", log=True), ("paths/*",),
           "without the noise of the test label", EMPTY, DOMAIN),
    Figure("ratio", "Early stopping/ridge", T, Axis("risk ratio", hi=1.8), ("ratio/*",),
           "same t; below 1 early stopping is better", EMPTY, DOMAIN),
    Figure("path-parts", "Bias^2, variance", T, Axis("ratio to ridge"), ("path-parts/*",),
           "of early stopping over those of ridge at lam = 1/t", EMPTY, DOMAIN),
)  # fmt: skip
PICTURE = PictureSpec("filters", "Filter factors", cursor=T.label, domain=DOMAIN)
QUANTITIES = (
    Quantity("largest-ratio", "flow's risk over ridge's at 1/t, largest of all paths", per="run"),
    Quantity("best-ratio", "best flow's risk over best ridge's, largest of all draws", per="run"),
)
LIMIT = "large-n limit"
METHODS = (("flow", "early stopping"), ("ridge", "ridge"))
THEORY_POINTS, FRAMES = 61, 41
AROUND = 100.0  # times the least and the largest of 1/n and 1/lam*: where risks are shown, fall, turning point and rise
LOW, HIGH = -3.0, 3.0  # of log10(t s^2) in the picture


def theory(study: EarlyStopping) -> Iterator[Series]:
    """Limits of infinite sizes: of flat spectra both risks by the Marchenko-Pastur law, of others that of ridge."""
    for problem in _chosen(study):
        n, times = study.config.n, _spaced(problem.times, THEORY_POINTS)
        if problem.d == n:  # beyond, the least singular value of this size decides, about 1/sqrt(n), where the limit's is 0
            times = times[times <= n]
        seen, found = around(study, times), dict[str, Floats]()
        if problem.kind == "flat":
            limit = isotropic_path(n, problem.d, times, problem.tau2, problem.sigma2)
            found = {"flow": limit.flow, "ridge": limit.ridge}
            yield _theory(
                f"ratio/d{problem.d}-theory", f"{_size(study, problem)}, {LIMIT}", times[seen], limit.ratio[seen], f"d{problem.d}"
            )
        elif problem is study.shown:
            equal = equivalent(problem.eigenvalues, n, 1 / times)
            found = {"ridge": equal.test_mse(np.full(problem.d, problem.tau2), problem.sigma2) - problem.sigma2}
        if problem is study.shown:
            for name, label in METHODS:
                if name in found:
                    yield _theory(f"paths/{name}-theory", f"{label}, {LIMIT}", times[seen], found[name][seen], name)


def simulated(study: EarlyStopping) -> Iterator[Series]:
    """Means over draws of inputs with their range."""
    if not study.draws.done:
        return
    shown = study.shown
    along, seen = study.paths(shown), around(study, shown.times)
    for name, label in METHODS:
        yield _over_draws(f"paths/{name}", label, shown.times[seen], getattr(along, name)[:, seen], name)
    for part, word in (("bias", "bias^2"), ("variance", "variance")):
        of_flow, of_ridge = getattr(along, f"flow_{part}"), getattr(along, f"ridge_{part}")
        there = (of_ridge > 0).all(axis=0) & seen
        values = of_flow[:, there] / of_ridge[:, there]
        yield _over_draws(f"path-parts/{part}", word, shown.times[there], values, part)
    for problem in _chosen(study):
        drawn = around(study, problem.times)
        ratio = study.paths(problem).ratio[:, drawn]
        yield _over_draws(f"ratio/d{problem.d}", _size(study, problem), problem.times[drawn], ratio, f"d{problem.d}")


def markers(study: EarlyStopping) -> Iterator[Marker]:
    """The bound of the ratio, and one over the best penalty."""
    yield Marker("ratio", "y", RATIO_BOUND, f"at any t: at most {RATIO_BOUND:.3f}", brief=f"any t: at most {RATIO_BOUND:.3f}")
    yield Marker("path-parts", "y", 1.0, "ridge", brief="ridge")
    if 0 < study.shown.best < np.inf:
        for figure in ("paths", "path-parts"):
            yield Marker(figure, "x", study.shown.best, "best ridge: t = 1/lam* = r2/(d sigma^2)", brief="best ridge")


def picture(found: Directions, problem: Problem) -> Picture:
    """What flow and ridge learn of a direction over t s^2, and where on flow's curve those of draw 1 are; the cursor over t moves them."""
    grid = np.linspace(LOW, HIGH, 121)
    x = 10.0**grid
    times = _spaced(problem.times, FRAMES)
    places = np.clip(np.log10(times[:, None] * found.squares), LOW, HIGH)  # (f, r)
    words = tuple(f"directions, t={time:.2g}" for time in times)
    best = problem.best if 0 < problem.best < np.inf else 1.0
    start = int(np.argmin(np.abs(np.log(times / best))))
    frames = np.stack([places, -np.expm1(-(10.0**places))], axis=2)
    layers = (
        Layer("path", np.column_stack([grid, -np.expm1(-x)]), "early stopping", "flow"),
        Layer("path", np.column_stack([grid, x / (1 + x)]), "ridge", "ridge"),
        Layer("points", frames[start], words[start], "directions", times, frames, words),
    )
    note = f"draw 1, {problem.label}, d={problem.d}; cursor over t moves them"
    x_name = "log10 t s^2, s singular value"
    return Picture("filters", PICTURE.title, layers=layers, extent=(LOW, HIGH, 0.0, 1.05), x=x_name, y="learnt", note=note)


def _chosen(study: EarlyStopping) -> list[Problem]:
    return [one for one in study.problems if one.kind == study.shown.kind]


def _size(study: EarlyStopping, problem: Problem) -> str:
    """How many directions there are beside the samples."""
    ratio = problem.d / study.config.n
    return "d = n" if ratio == 1 else f"d = {ratio:.3g} n"


def around(study: EarlyStopping, times: Floats) -> NDArray[np.bool_]:
    """Which times lie about where something is learnt, t n about 1, and about the best one."""
    about = [1 / study.config.n, *([study.shown.best] if 0 < study.shown.best < np.inf else [])]
    return np.asarray((times >= min(about) / AROUND) & (times <= max(about) * AROUND))


def _spaced(times: Floats, count: int) -> Floats:
    return np.asarray(times[np.unique(np.linspace(0, times.size - 1, count).round().astype(np.int64))])


def _over_draws(name: str, label: str, x: Any, draws: Floats, group: str) -> Series:
    return summarised(name, label, x, draws.T, Summary.MEAN_RANGE, "draws", basis="simulation", group=group)


def _theory(name: str, label: str, x: Any, y: Any, group: str) -> Series:
    return Series(name, label, np.asarray(x, dtype=np.float64), np.asarray(y), kind="theory", basis="asymptotic", group=group)
