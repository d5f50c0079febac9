"""Curves, picture and markers of deep double descent: readings over width, steps and samples, and the exact companions."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.contract import Layer, Marker, Picture, Series
from engine.phenomena.deep_double_descent.exact import D, Simulated, landmarks, linear_risk
from engine.phenomena.deep_double_descent.members import CLEAN, NOISY
from engine.phenomena.deep_double_descent.readings import Floats, Readings, interior_peak

COLUMNS, ROWS = 60, 24  # of the picture


def banded(name: str, label: str, x: Floats, values: Floats, group: str, **more: Any) -> Series:
    """Return the mean of values (k, seeds) with their range over seeds."""
    many = values.shape[1] > 1
    lo, hi = (values.min(1), values.max(1)) if many else (None, None)
    band = f"range of {values.shape[1]} seeds" if many else ""
    return Series(name, label, np.asarray(x, dtype=np.float64), values.mean(1), lo, hi, band, group=group, **more)


def over_width(readings: Readings, clean: bool) -> list[Series]:
    """Return training error, test error, its minimum over the steps and test loss over the width, for each arm."""
    found = []
    for arm in (NOISY, CLEAN) if clean else (NOISY,):
        for name, label in (("test-error", "test"), ("train-error", "train")):
            found.append(banded(f"width/{name}/{arm}", f"{label}, {arm}", readings.widths, readings.last(name, arm), f"{label} {arm}"))
        stopped = readings.table("test-error", arm).min(1)
        found.append(banded(f"width/stopped/{arm}", f"best, {arm}", readings.widths, stopped, f"stopped {arm}"))
        found.append(banded(f"width-loss/{arm}", f"test, {arm}", readings.widths, readings.last("test-loss", arm), f"test {arm}"))
    return found


def shown_widths(readings: Readings) -> list[int]:
    """Return three widths: the narrowest, that of the highest test loss between, the widest."""
    peak = interior_peak(readings.last("test-loss").mean(1)) if len(readings.widths) > 2 else 0
    return sorted({int(readings.widths[place]) for place in (0, peak, -1)})


def over_steps(readings: Readings) -> list[Series]:
    """Return training and test error of three widths over the steps; the group of a width is that of its curve over samples."""
    steps, found = np.maximum(readings.steps, 0.8), []
    for h in shown_widths(readings):
        found.append(banded(f"epochs/train/{h}", f"train {h}", steps, readings.curve("train-error", h), f"train h={h}"))
        found.append(banded(f"epochs/test/{h}", f"test {h}", steps, readings.curve("test-error", h), f"h={h}"))
    return found


def over_samples(readings: Readings, eps: float) -> list[Series]:
    """Return the test error over the sample size, a curve per width, and the effective complexity over the width."""
    if len(readings.sizes) < 2:
        return []
    sizes = readings.sizes.astype(np.float64)
    errors = {int(h): readings.over_samples("test-error", int(h)) for h in readings.swept}
    found = [banded(f"samples/{h}", f"h={h}", sizes, values, f"h={h}") for h, values in errors.items()]
    return [*found, *_complexity(readings, eps)]


def _complexity(readings: Readings, eps: float) -> list[Series]:
    """EMC at a tenth of the steps so far, and now, each up to the next size trained; what lies beyond the sizes is shown as their end."""
    places = np.stack([readings.complexity(int(h), eps) for h in readings.swept])  # (s, k)
    widths, last = readings.swept.astype(np.float64), len(readings.sizes) - 1
    early = int(np.searchsorted(readings.steps, readings.steps[-1] / 10))
    found = []
    for column, name, label in ((early, "early", "a tenth of the steps"), (places.shape[1] - 1, "now", "all steps")):
        row = places[:, column]
        there = row >= 0
        lo, hi = (readings.sizes[np.minimum(row[there] + more, last)].astype(np.float64) for more in (0, 1))
        found.append(Series(f"emc/{name}", label, widths[there], lo, lo, hi, "up to the next n trained", group=f"emc {name}"))
    ends = [(row < 0, readings.sizes[0], "below", "less than"), (row == last, readings.sizes[-1], "above", "or more")]
    found += [
        Series(f"emc/{name}", label, widths[there], np.full(int(there.sum()), float(size)), style="points", group=f"emc {name}")
        for there, size, name, label in ends
    ]
    return [series for series in found if series.x.size]


def companions(scales: Simulated, linear: Simulated) -> list[Series]:
    """Return both exact risks with their simulations, two standard errors either side."""
    n = np.unique(np.round(np.geomspace(10, 1000, 80)))
    n = n[np.abs(n - D) > 2]  # the mean exists there, and its draws do not follow it
    steps = np.maximum(scales.x, 0.8)
    found = [
        Series("epochs-exact/formula", "formula", steps, scales.exact, kind="theory", basis="exact", group="formula"),
        Series("samples-exact/formula", "formula", n, linear_risk(n), kind="theory", basis="exact", group="formula"),
    ]
    for name, x, one in (("epochs-exact/simulated", steps, scales), ("samples-exact/simulated", linear.x, linear)):
        lo, hi = one.mean - 2 * one.error, one.mean + 2 * one.error
        found.append(Series(name, "simulated", x, one.mean, lo, hi, "2 SE", basis="simulation", style="points", group="simulated"))
    return found


def markers(readings: Readings, scales: Simulated, threshold: float) -> list[Marker]:
    """Return thresholds in width, and first minimum, peak and end in time."""
    found = [Marker("width*", "x", threshold, "nK parameters"), Marker("emc", "y", readings.n, f"n={readings.n}")]
    places = zip(("first minimum", "peak", "end"), landmarks(scales.exact), strict=True)
    found += [Marker("epochs-exact", "x", float(scales.x[place]), label) for label, place in places]
    found += [Marker("samples-exact", "x", float(D), "n = d")]
    if not len(readings.steps):
        return found
    fitted = readings.widths[readings.last("train-error").mean(1) == 0]
    if fitted.size:
        found.append(Marker("width*", "x", float(fitted[0]), "train error 0"))
    widest = int(readings.widths[-1])
    found_at = landmarks(readings.curve("test-error", widest).mean(1), readings.fitting(widest))
    places = zip(("first minimum", "peak", "end"), found_at, strict=True)
    return [*found, *(Marker("epochs", "x", max(0.8, float(readings.steps[place])), label) for label, place in places)]


def heat_map(readings: Readings, eps: float) -> Picture:
    """Return the test error over width and step, with the first step at which each width's training error is at most eps."""
    x, y = np.log10(np.maximum(readings.steps, 1.0)), np.log10(readings.widths)
    across = np.linspace(0.0, max(x[-1], 0.1), COLUMNS)
    along = np.linspace(y[-1], y[0], ROWS)  # the widest on top
    rows, columns = (np.abs(known[None] - wanted[:, None]).argmin(1) for known, wanted in ((y, along), (x, across)))
    fitted = readings.table("train-error").mean(2) <= eps  # (w, k)
    contour = [(10.0 ** x[int(np.argmax(row))], 10.0**height) for row, height in zip(fitted, y, strict=True) if row.any()]
    layers = (Layer("line", np.array(contour), f"train {eps:g}", "contour"),) if len(contour) > 1 else ()
    half = max((y[-1] - y[0]) / (ROWS - 1), 0.01) / 2
    extent = (1.0, float(10.0 ** across[-1]), float(10.0 ** (y[0] - half)), float(10.0 ** (y[-1] + half)))
    note = f"h {', '.join(map(str, readings.widths))}; line: train error first <= {eps:g}"
    values = readings.table("test-error").mean(2)[np.ix_(rows, columns)]
    return Picture("test-error", "Test error", values, layers, extent, x="step", y="hidden neurons h", note=note, log=True)
