"""The figures of study asymptotics: limits as lines, means over draws with their standard errors as dots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Figure, Marker, Series, Summary, one_of
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error

if TYPE_CHECKING:
    from engine.phenomena.max_margin.asymptotics.study import Asymptotics, Limit

ASYMPTOTICS = (one_of("study", "asymptotics"),)
PSI, EMPTY = Axis("psi = d/n", log=True), "fills with preset asymptotics"
FIGURES = (
    Figure("separable", "Separable labels", Axis("psi = d/n", lo=0.0), Axis("share of draws", lo=0.0, hi=1.05), ("separable/*",),
           "by the first d features of each draw", EMPTY, ASYMPTOTICS),
    Figure("draw-margin", "Margin of unit weights", PSI, Axis("margin", lo=0.0), ("draw-margin/*",), "where every draw is separable",
           EMPTY, ASYMPTOTICS),
    Figure("draw-error", "Test error", PSI, Axis("error rate", lo=0.0, hi=0.5), ("draw-error/*",),
           "max margin where separable, else likelihood", EMPTY, ASYMPTOTICS),
    Figure("draw-support", "Support vectors", PSI, Axis("share of rows", lo=0.0, hi=1.05), ("draw-support/*",),
           "where every draw is separable", EMPTY, ASYMPTOTICS),
    Figure("second-descent", "Second descent", PSI, Axis("test error"), ("second-descent/*",),
           "other labels: every feature tells something, later ones less", EMPTY, ASYMPTOTICS),
)  # fmt: skip
UP_TO = 2.2  # of psi*, how far the separable share is drawn
MARGIN, LIKELIHOOD = "max margin", "maximum likelihood"


def curves(study: Asymptotics) -> Iterator[Series]:
    """Limits, and over them what was drawn."""
    yield from _limits("draw-error", study.limits, lambda one: one.error)
    for name, read in (("margin", lambda one: one.margin), ("support", lambda one: one.support)):
        yield from _limits(f"draw-{name}", [one for one in study.limits if one.separable], read)
    yield from _limits("second-descent", study.second, lambda one: one.error)
    if study.draws.done:
        yield _share(study)
        everywhere = study.separates() == 1
        for name in ("margin", "support"):
            if everywhere.any():
                yield _means(f"draw-{name}/draws", study.psi[everywhere], study.draws[name][:, everywhere])
        yield _means("draw-error/draws", study.psi, study.errors())
        yield _means("second-descent/draws", study.second_psi, study.second_errors())


def markers(study: Asymptotics) -> Iterator[Marker]:
    """Where labels become separable, those of the second descent elsewhere, and the best error there is."""
    star = study.labels.threshold
    for figure in ("separable", "draw-*"):
        yield Marker(figure, "x", star, f"psi* = {star:.3g}", brief="psi*")
    yield Marker("draw-error", "y", study.labels.bayes_error, f"best possible {study.labels.bayes_error:.4f}", brief="best")
    if study.second_star:
        found = f"psi* = {study.second_star:.3g}"
        yield Marker("second-descent", "x", study.second_star, f"{found} of these labels", brief=found)


def _limits(figure: str, limits: list[Limit], read: Callable[[Limit], float]) -> Iterator[Series]:
    for separable, name, label in ((False, "likelihood", LIKELIHOOD), (True, "margin", MARGIN)):
        chosen = [one for one in limits if one.separable == separable]
        if chosen:
            x, y = np.array([one.psi for one in chosen]), np.array([read(one) for one in chosen])
            yield Series(f"{figure}/{name}", f"{label}, limit", x, y, kind="theory", basis="asymptotic", group=name)


def _means(name: str, x: Floats, values: Floats) -> Series:
    """The mean of draws (draws, k) with its standard error, which one draw does not have."""
    mean, error = mean_and_error(values)
    one = Series(
        name, f"mean of {len(values)} draws" if len(values) > 1 else "one draw", x, mean, basis="simulation", style="points", group="draws"
    )
    if len(values) == 1:
        return one
    return replace(one, lo=mean - error, hi=mean + error, band=Summary.MEAN_ERROR.format(n=f"{len(values)} draws"))


def _share(study: Asymptotics) -> Series:
    """The share of draws that d features separate, at every d; its error is that of a share."""
    n, count = study.config.n, study.draws.done
    d = np.arange(1, max(2, min(n, round(UP_TO * study.labels.threshold * n))) + 1)
    share = np.array([np.mean(study.draws["from"] <= at) for at in d])
    error = np.sqrt(share * (1 - share) / count)
    band = Summary.MEAN_ERROR.format(n=f"{count} draws")
    low, high = np.maximum(share - error, 0), np.minimum(share + error, 1)
    return Series(
        "separable/draws",
        f"share of {count} draws" if count > 1 else "one draw",
        d / n,
        share,
        low,
        high,
        band,
        basis="simulation",
        group="draws",
    )
