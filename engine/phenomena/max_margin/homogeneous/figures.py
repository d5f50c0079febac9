"""The figures of study homogeneous: margins against how far the loss has fallen, the two parts of a KKT residual, the loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Figure, Marker, Series, Summary
from engine.phenomena.max_margin.config import HOMOGENEOUS
from engine.readings import summarised
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.max_margin.homogeneous.study import Activation, Homogeneous

EMPTY, DOMAIN = "fills with preset homogeneous", (HOMOGENEOUS,)
FALLEN, STEP = Axis("log(1/loss)"), Axis("step", log=True, lo=1)
FIGURES = (
    Figure("network-margin", "Network margin", FALLEN, Axis("min y f/|theta|^2"), ("network-margin/*",),
           "its limit is known of the linear network alone", EMPTY, DOMAIN),
    Figure("network-smoothed", "Smoothed margin", FALLEN, Axis("per |theta|^2", lo=0.0), ("network-smoothed/*",),
           "min y f softened: -log(exp L - 1), L: loss", EMPTY, DOMAIN),
    Figure("network-kkt", "Theta against its update", Axis("step", log=True), Axis("1 - cos", log=True), ("network-kkt/*",),
           "update: over 200 steps; 0 at a KKT point", EMPTY, DOMAIN),
    Figure("network-slack", "Slackness", Axis("step", log=True), Axis("mean yf/min yf - 1", log=True), ("network-slack/*",),
           "y f(x), weighted as in the gradient", EMPTY, DOMAIN),
    Figure("network-fall", "log(1/training loss)", STEP, Axis("log(1/loss)"), ("network-fall/*",),
           "of the summed loss; rate at most .1/loss", EMPTY, DOMAIN),
    Figure("network-error", "Network's test error", STEP, Axis("error rate", lo=0.0), ("two-layer test error/*",),
           "500 other images", EMPTY, DOMAIN),
)  # fmt: skip
WINDOW = 200  # steps over which an update is read
POINTS = 300  # of a curve
DRAWN = Summary.MEDIAN_RANGE


def curves(study: Homogeneous) -> Iterator[Series]:
    """Each network's curves, and beside the linear one its limit: half the SVM's margin."""
    for setting in study.settings:
        yield from _against_loss(study, setting)
        yield from _against_steps(study, setting)
        if setting.name == "identity":
            yield from _linear_limit(study, setting)


def markers(study: Homogeneous) -> Iterator[Marker]:
    """Where the labels are fitted: a loss below log 2."""
    for figure in ("network-margin", "network-smoothed"):
        yield Marker(figure, "x", float(-np.log(np.log(2))), "fitted: loss < log 2", brief="fitted")
    yield Marker("network-fall", "y", float(-np.log(np.log(2))), "fitted: loss < log 2", brief="fitted")
    for setting in study.settings[:1]:
        steps = study.fitted_at(setting)
        if np.isfinite(steps).all():
            for figure in ("network-kkt", "network-slack", "network-error"):
                yield Marker(figure, "x", float(np.median(steps)), f"{setting.label} fitted", setting.name, brief=f"{setting.label} fitted")


def _fallen(study: Homogeneous, setting: Activation) -> Floats:
    """log(1/loss) (k,) as far as every seed has come, from its highest start on."""
    logs = [-trail[:, 0] for trail in study.trails(setting)]
    return np.linspace(max(float(one[0]) for one in logs), min(float(one[-1]) for one in logs), POINTS)


def _linear_limit(study: Homogeneous, setting: Activation) -> Iterator[Series]:
    """Half the SVM's margin, as far as the linear network has come."""
    x, halves = _fallen(study, setting), study.halves()
    x = x[x >= 0]
    if len(x) > 1 and np.isfinite(halves).all():
        yield summarised(
            "network-margin/limit", "linear network's limit: SVM margin/2", x[[0, -1]], np.array([halves, halves]), DRAWN,
            kind="theory", basis="exact", group=setting.name,
        )  # fmt: skip


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

    def line(figure: str, read: Callable[[Floats], Floats]) -> Series:
        values = np.array([read(trail)[places] for trail in trails]).T
        kept = np.isfinite(values).all(axis=1)
        return summarised(f"{figure}/{setting.name}", setting.label, places[kept], values[kept], DRAWN, group=setting.name)

    yield line("network-slack", lambda trail: trail[:, 4])
    yield line("network-fall", lambda trail: -trail[:, 0])
    motion = np.array([run.stepper.motion[: study.step // WINDOW] for run in study.runs[setting]]).T
    x = WINDOW * np.arange(1.0, len(motion) + 1)
    yield summarised(f"network-kkt/{setting.name}", setting.label, x, motion, DRAWN, group=setting.name)
