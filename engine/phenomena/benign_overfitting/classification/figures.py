"""What is drawn of task classification: counts over c = d/(n ln n), errors and risks over n, each with its theory; markers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Axis, Figure, Marker, Quantity, Series, Summary
from engine.phenomena.benign_overfitting.config import CLASSIFICATION
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.problems import Isotropic
    from engine.phenomena.benign_overfitting.classification.study import Classification
    from engine.theory.margins.bi_level import BiLevel

N, RATIO = Axis("n", log=True), Axis("c = d/(n ln n)", lo=0.0)
EMPTY = "fills with the knob task at classification"
FIGURES = (
    Figure("class-error", "Classification error", N, Axis("error rate", lo=0.0, hi=0.5), ("class-error/*",),
           "0.5: guessing",
           EMPTY, (CLASSIFICATION,)),
    Figure("regression-risk", "Regression risk", N, Axis("of null risk", lo=0.0, hi=1.0), ("regression-risk/*",),
           "1: predicting 0",
           EMPTY, (CLASSIFICATION,)),
    Figure("all-sv", "All are support vectors", RATIO, Axis("of draws", lo=0.0, hi=1.0), ("all-sv/*",),
           "where all are, the max margin is the least-norm fit",
           EMPTY, (CLASSIFICATION,)),
)  # fmt: skip
QUANTITIES = (
    Quantity("sv-fraction", "share of positive duals, largest n", per="run"),
    Quantity("class-error", "classification error, largest n", per="run"),
    Quantity("regression-risk", "regression risk, largest n", per="run"),
)
FINE = 80  # points of a law
BETWEEN = 12  # sizes n of a curve of theory


def curves(study: Classification) -> Iterator[Series]:
    """Every curve, theory before simulation, groups in an order that no draw changes."""
    for n in ends(study):
        yield from _laws(study, n)
    for q in study.shares:
        yield from _equivalents(study, q)
    if study.draws.done:
        for n in ends(study):
            yield from _counts(study, n)
        for q in study.shares:
            yield from _errors(study, q)


def ends(study: Classification) -> list[int]:
    """The least and the largest n: what is counted at those between would lie on one another, at 0 and at 1."""
    return sorted({study.sizes[0], study.sizes[-1]})


def _laws(study: Classification, n: int) -> Iterator[Series]:
    of = [one.c for one in study.isotropic if one.n == n]
    c, expected = study.law(n, np.linspace(of[0], of[-1], FINE if len(of) > 1 else 1))
    yield _theory(f"all-sv/n{n}/law", f"n={n}, theory", c, np.exp(-expected), f"n{n}")


def _equivalents(study: Classification, q: float) -> Iterator[Series]:
    first, last = study.curve(q)[0], study.curve(q)[-1]
    grid = np.unique(np.geomspace(first.n, last.n, BETWEEN if last.n > first.n else 1).round().astype(int))
    problems = [study.at(last, int(n)) for n in grid]
    errors, risks = [one.misclassified(study.config.flip) for one in problems], [one.regression_risk() for one in problems]
    yield _theory(f"class-error/q{q:g}/theory", f"q={q:g}, theory", grid, errors, f"q{q:g}")
    yield _theory(f"regression-risk/q{q:g}/theory", f"q={q:g}, theory", grid, risks, f"q{q:g}")


def _counts(study: Classification, n: int) -> Iterator[Series]:
    problems = [one for one in study.isotropic if one.n == n]
    x = [one.c for one in problems]
    yield _means(f"all-sv/n{n}/simulation", f"n={n}", x, [study.all_support(one) for one in problems], f"n{n}")


def _errors(study: Classification, q: float) -> Iterator[Series]:
    problems = study.curve(q)
    x = [one.n for one in problems]
    for figure, column in (("class-error", "error"), ("regression-risk", "risk")):
        yield _means(f"{figure}/q{q:g}/simulation", f"q={q:g}", x, [study.drawn(column, one) for one in problems], f"q{q:g}")


def _means(name: str, label: str, x: Any, draws: list[Floats], group: str) -> Series:
    """Means with their standard errors, which one draw does not have."""
    at = np.asarray(x, dtype=np.float64)
    mean, error = (np.array(column) for column in zip(*(mean_and_error(values) for values in draws), strict=True))
    if not np.isfinite(error).all():
        return Series(name, label, at, mean, basis="simulation", style="points", group=group)
    band = Summary.MEAN_ERROR.format(n=f"{max(map(len, draws))} draws")
    return Series(name, label, at, mean, mean - error, mean + error, band, basis="simulation", style="points", group=group)


def _theory(name: str, label: str, x: Any, y: Any, group: str) -> Series:
    return Series(name, label, np.asarray(x, dtype=np.float64), np.asarray(y), kind="theory", basis="asymptotic", group=group)


def markers(study: Classification) -> tuple[Marker, ...]:
    """Where half of all draws have support vectors alone, at the largest n."""
    half, n = study.half_theory(study.sizes[-1]), study.sizes[-1]
    c = [one.c for one in study.isotropic]
    if not min(c) <= half <= max(c):
        return ()
    return (Marker("all-sv", "x", half, f"theory: half of all draws, n={n}", f"n{n}", f"theory: half, n={n}"),)


def told(study: Classification) -> dict[str, float]:
    """What a record holds, once something is drawn: means over the draws at the largest n, of the middle q."""
    anchor: Isotropic = study.anchor
    last: BiLevel = study.curve(study.chosen)[-1]
    return {
        "sv-fraction": float(study.positive(anchor).mean()), "class-error": float(study.drawn("error", last).mean()),
        "regression-risk": float(study.drawn("risk", last).mean()),
    }  # fmt: skip
