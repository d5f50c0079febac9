"""What is drawn of noise on labels and of mirror descent: l1 norms and effective scales, weights and distances by exponent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Marker, Series
from engine.phenomena.min_norm.curves import measured, medians
from engine.phenomena.min_norm.noise_claims import LABELS
from engine.theory.inputs import Floats

if TYPE_CHECKING:
    from engine.phenomena.min_norm.experiment import MinNorm

PLACES = 60  # of the predicted line
SQUARES = 16  # of measured scales at most, so that the line shows between them


def noise_curves(run: MinNorm) -> Iterator[Series]:
    """Every curve of the two parameterisations; none while another is followed."""
    if run.noise:
        yield from _norms(run)
        yield from _scales(run)
    if run.mirror:
        yield from _weights(run)
        for setting in run.shown[0].settings:
            yield measured(run, f"mirror-limit/{setting.name}", "off-limit", setting)
            yield measured(run, f"mirror-shortest/{setting.name}", "distance", setting)


def noise_markers(run: MinNorm) -> Iterator[Marker]:
    """Where the noise ends, and the l1 norm of the limit that is predicted of noise on labels, of the first seed."""
    if not run.noise:
        return
    part, end = run.noise[0], run.config.noisy_steps
    if 0 < end < run.config.steps:
        for figure in ("noise-l1", "alpha-eff", "norm-ratios", "train-loss"):
            yield Marker(figure, "x", end, "noise ends", brief="noise ends")
    size = float(np.abs(part.limits[1]).sum()) / run.config.nonzeros
    if np.isfinite(size):
        yield Marker("noise-l1", "y", size, "min weighted l1", LABELS, "min weighted l1")


def _norms(run: MinNorm) -> Iterator[Series]:
    for setting in run.shown[0].settings:
        end = run.divergence(setting)
        stop = None if end is None else end + 1
        x, values = (item[:stop] for item in run.readings.table("l1", setting.name))
        yield medians(f"noise-l1/{setting.name}", setting.label, x, values / run.config.nonzeros, group=setting.name)


def _scales(run: MinNorm) -> Iterator[Series]:
    alpha, c = run.config.alpha, run.config
    for setting in run.shown[0].settings[:2]:
        x, values = run.readings.table("log-scale", setting.name)
        style = "points" if setting.name == LABELS else "line"
        if style == "points":
            kept = _apart(x, c.steps / SQUARES)
            x, values = x[kept], values[kept]
        yield medians(f"alpha-eff/{setting.name}", setting.label, x, alpha * np.exp(values), group=setting.name, style=style)
    steps: Floats = np.union1d(np.linspace(0, c.steps, PLACES), [c.noisy_steps])
    falling = np.stack([alpha * np.exp(part.decay(steps)) for part in run.noise], axis=1)
    name = f"alpha-eff/{LABELS}/theory"
    yield medians(name, "noise on labels, formula", steps, falling, basis="asymptotic", kind="theory", group=f"{LABELS}-predicted")


def _apart(x: Floats, least: float) -> list[int]:
    """The places of those of ascending x that lie at least so far beyond the one kept before."""
    kept: list[int] = []
    for place, at in enumerate(x):
        if not kept or at >= x[kept[-1]] + least:
            kept.append(place)
    return kept


def _weights(run: MinNorm) -> Iterator[Series]:
    """How large the weights are, from the largest to the smallest."""
    part = run.mirror[0]
    places = np.arange(1.0, run.config.d + 1)
    for setting, w in zip(part.settings, part.w, strict=True):
        falling = np.asarray(np.sort(np.abs(w))[::-1])
        yield Series(f"mirror-weights/{setting.name}", setting.label, places, falling, basis="simulation", group=setting.name)
