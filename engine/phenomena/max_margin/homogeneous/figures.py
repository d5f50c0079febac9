"""The figures of study homogeneous: margins against how far the loss has fallen, the KKT residual, what the network multiplies with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Figure, Marker, Picture, PictureSpec, Series, Summary
from engine.phenomena.max_margin.config import HOMOGENEOUS
from engine.readings import summarised
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.max_margin.homogeneous.study import Activation, Homogeneous

EMPTY, DOMAIN = "fills with preset homogeneous", (HOMOGENEOUS,)
GRADIENT = "Mean gradient by pixel"
FALLEN, STEP = Axis("log(1/loss)"), Axis("step", log=True, lo=1)
FIGURES = (
    Figure("network-margin", "Network margin", FALLEN, Axis("min y f/|theta|^2"), ("network-margin/*",),
           "no bound of ReLU: it may lie above the line", EMPTY, DOMAIN),
    Figure("network-smoothed", "Smoothed margin", FALLEN, Axis("per |theta|^2"), ("network-smoothed/*",),
           "min y f softened: -log(exp L - 1), L: loss", EMPTY, DOMAIN),
    Figure("network-kkt", "Weights and -gradient", STEP, Axis("1 - cos", log=True), ("network-kkt/*",),
           "0 at a KKT point; dots: over 200 steps", EMPTY, DOMAIN),
    Figure("network-slack", "Slackness", Axis("step", log=True), Axis("mean yf/min yf - 1", log=True), ("network-slack/*",),
           "y f(x), weighted as in the gradient", EMPTY, DOMAIN),
    Figure("network-fall", "Fall of the loss", STEP, Axis("log(1/loss)"), ("network-fall/*",),
           "of the summed loss; rate at most .1/loss", EMPTY, DOMAIN),
    Figure("network-error", "Network's test error", STEP, Axis("error rate", lo=0.0), ("two-layer test error/*",),
           "500 other images", EMPTY, DOMAIN),
)  # fmt: skip
PICTURES = (PictureSpec("network-weights", GRADIENT, domain=DOMAIN),)
WINDOW = 200  # steps over which motion is read
POINTS = 300  # of a curve
DRAWN = Summary.MEDIAN_RANGE
INKED = 0.005  # of all ink in the images: rows and columns with less hold hardly any weight and are not drawn
SQUARE = 2  # dimensions of an image without colours


def curves(study: Homogeneous) -> Iterator[Series]:
    """Each network's curves, and the most that a linear one can have: half the SVM's margin."""
    for setting in study.settings:
        yield from _against_loss(study, setting)
        yield from _against_steps(study, setting)
    halves, ends = study.halves(), [_fallen(study, setting)[-1] for setting in study.settings]
    if np.isfinite(halves).all() and max(ends) > 0:
        for figure in ("network-margin", "network-smoothed"):
            yield summarised(
                f"{figure}/svm", "half the SVM margin: bounds the linear network alone",
                np.array([0.0, max(ends)]), np.array([halves, halves]), DRAWN,
                kind="theory", basis="exact", group="svm",
            )  # fmt: skip


def markers(study: Homogeneous) -> Iterator[Marker]:
    """Where the labels are fitted: a loss below log 2."""
    for figure in ("network-margin", "network-smoothed"):
        yield Marker(figure, "x", float(-np.log(np.log(2))), "fitted: loss < log 2", brief="fitted")
    yield Marker("network-fall", "y", float(-np.log(np.log(2))), "fitted: loss < log 2", brief="fitted")
    for setting in study.settings[:1]:
        steps = study.fitted_at(setting)
        if np.isfinite(steps).all():
            for figure in ("network-kkt", "network-slack", "network-error"):
                yield Marker(figure, "x", float(np.median(steps)), f"{setting.label} fitted: loss < log 2", setting.name, brief="fitted")


def pictures(study: Homogeneous) -> Iterator[Picture]:
    """The SVM's weights, and the mean gradient of each network's output by its input over the training images; of the first seed."""
    pair, svm = study.pairs[0], study.svms[0]
    if len(pair.shape) != SQUARE:
        return
    shown, named = ([] if svm is None else [svm.w]), ([] if svm is None else ["SVM"])  # w is the gradient of w.x
    for setting in study.settings:
        stepper = study.runs[setting][0].stepper
        W, a = stepper.network.split(stepper.theta)
        active = (pair.X @ W > 0).mean(axis=0) if stepper.network.relu else np.ones(len(a))
        shown.append(W @ (active * a))
        named.append(setting.short)
    ink = np.abs(pair.X).sum(axis=0).reshape(pair.shape)
    inked = np.ix_(*(_reach(ink.sum(axis=axis)) for axis in (1, 0)))  # so that three fit beside each other, pixel by pixel, into a pane
    tiles: list[Floats] = []
    for w in shown:
        tile = (w / (np.abs(w).max() or 1.0)).reshape(pair.shape)[inked]
        tiles += [tile, np.full((len(tile), 1), np.nan)]
    yield Picture(
        "network-weights", GRADIENT, values=np.hstack(tiles[:-1]), palette="diverging", lo=-1.0, hi=1.0, equal=True,
        shade="over largest", columns=tuple(named), note="of w.x or f(x); 4 positive, 9 negative",
    )  # fmt: skip


def _reach(ink: Floats) -> NDArray[np.int64]:
    """The rows (or columns) from the first to the last one with a share of all ink that is worth drawing."""
    places = np.flatnonzero(ink >= INKED * ink.sum())
    return np.arange(places[0], places[-1] + 1)


def _fallen(study: Homogeneous, setting: Activation) -> Floats:
    """log(1/loss) (k,) as far as every seed has come, from its highest start on."""
    logs = [-trail[:, 0] for trail in study.trails(setting)]
    return np.linspace(max(float(one[0]) for one in logs), min(float(one[-1]) for one in logs), POINTS)


def _against_loss(study: Homogeneous, setting: Activation) -> Iterator[Series]:
    x = _fallen(study, setting)
    if x[-1] <= x[0]:
        return
    for figure, read in (("network-margin", study.margins), ("network-smoothed", study.smoothed)):
        values = [np.interp(x, -trail[:, 0], found) for trail, found in zip(study.trails(setting), read(setting), strict=True)]
        seen = x >= 0  # before, labels are wrong
        yield summarised(f"{figure}/{setting.name}", setting.label, x[seen], np.array(values).T[seen], DRAWN, group=setting.name)


def _against_steps(study: Homogeneous, setting: Activation) -> Iterator[Series]:
    places = np.unique(np.round(np.geomspace(1, max(1, study.step), POINTS)).astype(int)) if study.step else np.empty(0, dtype=int)
    trails = study.trails(setting)

    def line(figure: str, read: Callable[[Floats], Floats], end: float = np.inf) -> Series:
        values = np.array([read(trail)[places] for trail in trails]).T
        kept = np.isfinite(values).all(axis=1) & (places <= end)
        return summarised(f"{figure}/{setting.name}", setting.label, places[kept], values[kept], DRAWN, group=setting.name)

    fitted = float(study.fitted_at(setting).max())  # from there on single steps jump from side to side of a kink
    yield line("network-kkt", lambda trail: trail[:, 3], fitted if np.isfinite(fitted) else np.inf)
    yield line("network-slack", lambda trail: trail[:, 4])
    yield line("network-fall", lambda trail: -trail[:, 0])
    motion = np.array([run.stepper.motion[: study.step // WINDOW] for run in study.runs[setting]]).T
    x = WINDOW * np.arange(1.0, len(motion) + 1)
    yield summarised(f"network-kkt/{setting.name}-motion", f"{setting.short}, mean of {WINDOW} steps", x, motion, DRAWN, style="points",
                     group=setting.name)  # fmt: skip
