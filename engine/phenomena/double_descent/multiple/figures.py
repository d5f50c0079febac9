"""The figures of multiple descent over the number of samples: theory as lines, draws over them, and the spectrum as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Axis, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series, Summary
from engine.phenomena.double_descent.config import MULTIPLE
from engine.readings import summarised
from engine.theory.inputs import Floats
from engine.theory.spectra.deterministic_equivalent import equivalent
from engine.theory.spectra.next_order import unlearnt

if TYPE_CHECKING:
    from engine.phenomena.double_descent.multiple.problem import Problem
    from engine.phenomena.double_descent.multiple.study import MultipleDescent

N, EMPTY, DOMAIN = Axis("n", log=True), "fills with preset multiple-descent", (MULTIPLE,)
FIGURES = (
    Figure("risk-vs-n", "Test error over samples", N, Axis("MSE", log=True, lo=0.1, hi=10.0), ("risk-vs-n/*",),
           "median of draws; theory: mean, infinite at d", EMPTY, DOMAIN),
    Figure("block-learnt", "Recovered of each block", N, Axis("fraction", lo=0.0, hi=1.05), ("block-learnt/*",),
           "of the signal, by min-norm", EMPTY, DOMAIN),
    Figure("sample-parts", "Bias^2, variance", N, Axis("MSE", log=True, lo=1e-3, hi=100.0), ("sample-parts/*",),
           "median of draws; theory: mean, infinite at d", EMPTY, DOMAIN),
)  # fmt: skip
PICTURE = PictureSpec("block-spectrum", "Spectrum and kappa", cursor=N.label, domain=DOMAIN)
QUANTITIES = (
    Quantity("risk-at-d", "test MSE of the shortest fit at n = d, median over the draws", per="run"),
    Quantity("tuned-at-d", "test MSE of the best ridge at n = d, median over the draws", per="run"),
)
SHORTEST, TUNED = "min-norm", "best ridge"
FRAMES = 40  # numbers of samples at which kappa is drawn


def theory(problem: Problem) -> Iterator[Series]:
    """Mean risks, their parts and learnt shares; asymptotic below d."""
    n, parts = problem.shown, problem.theory
    for figure, group, label, values in (
        ("risk-vs-n", "shortest", SHORTEST, problem.risk), ("risk-vs-n", "tuned", TUNED, problem.tuned),
        ("sample-parts", "bias", "bias^2", problem.tau2 * parts.unlearnt),
        ("sample-parts", "variance", "variance", parts.noise * problem.sigma2 if problem.sigma2 else np.zeros(n.size)),
    ):  # fmt: skip
        there = values > 0  # beyond d there is no bias
        yield _theory(f"{figure}/{group}-theory", f"{label}, theory", n[there], values[there], group)
    shares = 1 - unlearnt(problem.eigenvalues, n).directions
    for place, values in enumerate(problem.by_block(shares).T):
        yield _theory(f"block-learnt/block{place}-theory", f"{_block(problem, place)}, theory", n, values, f"block{place}")


def simulated(study: MultipleDescent) -> Iterator[Series]:
    """Draws: medians of the test error and of its parts, which have no mean near d; means of what is learnt."""
    if not study.draws.done:
        return
    problem, n = study.problem, study.problem.n
    yield _median("risk-vs-n/shortest", SHORTEST, n, study.risks(), "shortest")
    yield _median("risk-vs-n/tuned", TUNED, n, study.draws["tuned"], "tuned")
    parts = (("bias", "bias^2", problem.tau2 * study.draws["unlearnt"]), ("variance", "variance", problem.sigma2 * study.draws["noise"]))
    for group, label, values in parts:
        there = n < problem.d if group == "bias" else n > 0  # beyond d there is no bias
        yield _median(f"sample-parts/{group}", label, n[there], values[:, there], group)
    for place in range(problem.ends.size):
        yield _means(f"block-learnt/block{place}", _block(problem, place), n, study.draws["learnt"][:, :, place], f"block{place}")


def markers(problem: Problem) -> Iterator[Marker]:
    """The end of each block, the last of which is d."""
    for place, end in enumerate(problem.ends.tolist()):
        label = f"n={end}"
        for figure in ("risk-vs-n", "block-learnt", "sample-parts"):
            yield Marker(figure, "x", float(end), label, f"block{place}", label)


def picture(problem: Problem) -> Picture:
    """The eigenvalues in their order, and kappa, below which the shortest fit of n samples cannot tell them from a ridge."""
    lam, d = problem.eigenvalues, problem.d
    inner = problem.ends[:-1][problem.ends[:-1] >= 2]
    n = np.union1d(np.geomspace(2, max(d - 1, 2), FRAMES).round().astype(np.int64), inner)
    kappa = equivalent(lam, n).kappa
    low, high = 0.2 * min(float(lam[-1]), float(kappa[kappa > 0].min(initial=1.0))), 3 * float(lam[0])
    levels = np.maximum(kappa, low)
    lines = np.stack([np.array([[0.8, level], [1.3 * d, level]]) for level in levels])
    words = tuple(f"kappa at n={count}" for count in n)
    start = int(np.argmin(np.abs(np.log(n / inner.max(initial=0)))) if inner.size else np.argmin(np.abs(np.log(n / max(d / 2, 1)))))
    layers = [Layer("line", lines[start], words[start], "kappa", n.astype(np.float64), lines, words)]
    starts = np.append(0, problem.ends[:-1])
    for place, (first, end) in enumerate(zip(starts, problem.ends, strict=True)):
        index = np.unique(np.geomspace(first + 1, end, 60).round().astype(np.int64))
        layers.append(Layer("points", np.column_stack([index, lam[index - 1]]).astype(np.float64), _block(problem, place), f"block{place}"))
    note = "above kappa: learnt; cursor moves it"
    return Picture("block-spectrum", PICTURE.title, layers=tuple(layers), extent=(0.8, 1.3 * d, low, high), x="direction",
                   y="variance lam", note=note, log=True)  # fmt: skip


def _block(problem: Problem, place: int) -> str:
    if problem.ends.size == 1:
        return f"all {problem.d} directions"
    first = int(problem.ends[place - 1]) + 1 if place else 1
    return f"block {first}..{int(problem.ends[place])}"


def _means(name: str, label: str, x: Any, draws: Floats, group: str) -> Series:
    return summarised(name, label, x, draws.T, Summary.MEAN_ERROR, "draws", basis="simulation", group=group)


def _median(name: str, label: str, x: Any, draws: Floats, group: str) -> Series:
    return summarised(name, label, x, draws.T, Summary.MEDIAN_RANGE, "draws", basis="simulation", group=group)


def _theory(name: str, label: str, x: Any, y: Any, group: str) -> Series:
    return Series(name, label, np.asarray(x, dtype=np.float64), np.asarray(y), kind="theory", basis="asymptotic", group=group)
