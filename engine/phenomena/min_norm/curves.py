"""What is drawn of optimisers on their way to an interpolator: simulation, closed form or flow on the same axes, and where minima lie.

The training figures follow the parameterisation that was chosen: linear (six optimisers), diagonal (a network from each alpha),
deep-matrix (a product of each depth), label-noise (a network of each noise) or mirror (one exponent each). Several seeds give a median
with their range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Basis, Marker, Series, Summary, unmet
from engine.phenomena.min_norm.config import MIRROR, NOISE
from engine.phenomena.min_norm.deep_matrix import ORDERS, DeepMatrix
from engine.phenomena.min_norm.figures import FIGURES, GONE, PROGRESS
from engine.phenomena.min_norm.predictions import SWEPT, Path
from engine.phenomena.min_norm.weight_readings import NamedSetting, followed
from engine.readings import summarised
from engine.theory.implicit_bias.interpolators import Order, norm
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.norm_law import expected_squared_norm

if TYPE_CHECKING:
    from engine.phenomena.min_norm.experiment import MinNorm

DRAWN_ORDERS: tuple[Order, ...] = ("l1", "linf", "l2")  # the last one has the colour of descent, whose limit has it least
NEAREST = 1e-15  # a relative distance below says nothing but how numbers are rounded
ROUNDED = 1e-28  # a loss below says nothing but how numbers are rounded
TRAINED = {"distance": "distance", "null-component": "null", "train-loss": "loss"}  # figure -> quantity
PREDICTED: dict[str, tuple[str, Basis]] = {
    "linear": ("closed form", "exact"),
    "diagonal": ("flow", "flow"),
    "deep-matrix": ("flow", "flow"),
    NOISE: ("", "simulation"),
    MIRROR: ("", "simulation"),
}  # what theory says of a parameterisation's steps


def curves(run: MinNorm) -> Iterator[Series]:
    """Every curve of the figures that are meant for these settings."""
    kept = _meant(run)
    yield from (series for series in _all(run) if series.name.partition("/")[0] in kept)


def _meant(run: MinNorm) -> set[str]:
    """The figures that are meant for these settings."""
    return {figure.name for figure in FIGURES if not unmet(figure.domain, run.config)}


def _all(run: MinNorm) -> Iterator[Series]:
    chosen = run.chosen
    yield from _training(run)
    yield from _norm_ratios(run, chosen)
    if run.config.alone:
        return
    yield from _directions(run, chosen)
    yield from _sweep(run)
    for setting in run.matrix[0].settings:
        yield measured(run, f"matrix-completion/{setting.name}", "error", setting, param="deep-matrix")
    yield from _norm_vs_d(run)


def markers(run: MinNorm) -> Iterator[Marker]:
    """Minima, rounding, where weights diverge, the chosen alpha, the threshold and the chosen d."""
    kept = _meant(run)
    yield from (marker for marker in (*_minima(run), *_landmarks(run)) if marker.figure in kept)
    steps = run.steps_made(run.config.param)
    for setting in run.shown[0].settings:
        end = run.divergence(setting)
        if end is not None:
            yield Marker("train-loss" if run.config.alone else "distance", "x", steps[end], f"{setting.label} diverges", setting.name)


def medians(name: str, label: str, x: Floats, values: Floats, positive: bool = True, basis: Basis = "simulation", **looks: Any) -> Series:
    """The median of values (k, seeds) with their range.

    positive: leave out what a logarithmic axis cannot show: step 0, and values of 0 before anything has moved.
    """
    keep = (x > 0) & ((values > 0).all(axis=1) | (not positive))
    return summarised(name, label, x[keep], values[keep], Summary.MEDIAN_RANGE, basis=basis, **looks)


def measured(
    run: MinNorm, name: str, quantity: str, setting: NamedSetting, label: str = "", group: str = "", param: str = "",
    over: Floats | float = 1.0, **looks: Any,
) -> Series:  # fmt: skip
    """A simulated curve, up to where its weights diverge. over: what every seed's values are divided by."""
    end = run.divergence(setting)
    stop = None if end is None else end + 1
    x, values = run.steps_made(param or run.config.param)[:stop], run.readings.table(quantity, setting.name)[1][:stop]
    return medians(name, label or setting.label, x, values / over, group=group or setting.name, **looks)


def _predicted(
    run: MinNorm, name: str, quantity: str, paths: Sequence[Path], label: str, group: str, positive: bool = True, over: Floats | float = 1.0
) -> Series:
    """A curve from theory, up to where its weights diverge. over: what every seed's values are divided by."""
    x, values = run.theory.steps, np.stack([path[quantity] for path in paths], axis=1)
    if "distance" in paths[0]:
        lost = (np.stack([path["distance"] for path in paths], axis=1) > GONE).any(axis=1)
        stop = int(np.argmax(lost)) + 1 if lost.any() else None
        x, values = x[:stop], values[:stop]
    return medians(name, label, x, values / over, positive, PREDICTED[run.config.param][1], kind="theory", group=group)


# ---------------------------------------------------------------- training


def _paths(run: MinNorm, setting: NamedSetting) -> list[Path]:
    """What theory says of these weights at every step, one path a seed; nothing for most."""
    place = 0 if run.config.param == "linear" else run.shown[0].chosen(run.config)
    return run.theory.paths if setting == run.shown[0].settings[place] else []


def _training(run: MinNorm) -> Iterator[Series]:
    word = PREDICTED[run.config.param][0]
    for figure, quantity in TRAINED.items():
        for setting in run.shown[0].settings:
            hidden = (setting.name == "sign" and run.config.optimiser != "sign") or (setting.name == "gd-other" and quantity == "loss")
            if hidden:
                continue
            rounding = quantity == "null" and run.config.param == "linear"  # all that the closed form leaves there
            name, paths = f"{figure}/{setting.name}", [] if rounding else _paths(run, setting)
            yield measured(run, name, quantity, setting, style="points" if paths else "line")
            if paths:
                yield _predicted(run, f"{name}/theory", quantity, paths, f"{setting.label}, {word}", setting.name)


def _norm_ratios(run: MinNorm, chosen: NamedSetting) -> Iterator[Series]:
    """Each norm over the least of all weights that fit, of every seed's own problem; where it would take too long, none."""
    paths, word = _paths(run, chosen), PREDICTED[run.config.param][0]
    linear = run.config.param == "linear"  # whose distance is held against the closed form
    names = dict(zip(ORDERS, _norm_names(run), strict=True))
    for order in DRAWN_ORDERS:
        least = _least(run, order)
        if least is None or not run.history.records:
            continue
        name, label = f"norm-ratios/{order}", f"{names[order]}, {chosen.label}"
        yield measured(run, name, order, chosen, label, order, style="points" if paths and not linear else "line", over=least)
        if paths and not linear:
            yield _predicted(run, f"{name}/theory", order, paths, f"{label}, {word}", order, over=least)


def _least(run: MinNorm, order: Order) -> Floats | None:
    """The least such norm of weights that fit, of every seed's problem; None where one is not known. Shape (seeds,)."""
    if run.config.param == "deep-matrix":
        found = [_least_completion(part, order) for part in run.matrix]
    else:
        found = run.theory.least[run.config.param, order]
    return np.array(found, dtype=np.float64) if len(found) == len(run.seeds) and all(found) else None


def _least_completion(part: DeepMatrix, order: Order) -> float | None:
    """The least Frobenius or, once it is found, nuclear norm of a completion."""
    if order == "l2":
        return float(np.linalg.norm(part.filled))
    return float(np.linalg.svd(part.nuclear.completion, compute_uv=False).sum()) if order == "l1" and part.nuclear.converged else None


def _norm_names(run: MinNorm) -> tuple[str, ...]:
    """What the norms of `ORDERS` are called."""
    return ("nuclear", "Frobenius", "spectral") if run.config.param == "deep-matrix" else ("l1", "l2", "l∞")


def _directions(run: MinNorm, chosen: NamedSetting) -> Iterator[Series]:
    """Progress along singular directions; beside that of singular values, how they grow from a balanced start."""
    paths, word = _paths(run, chosen), PREDICTED[run.config.param][0]
    grown = run.theory.growth[run.config.depth] if run.config.param == "deep-matrix" else paths
    for place, (quantity, value) in enumerate(zip(PROGRESS, _singular_values(run), strict=False)):
        name, group = f"directions/{place}", f"direction-{place}"
        size = f"s={value:.3g}" if len(run.seeds) == 1 else f"s_{place + 1}"  # every seed has its own
        label = f"{size}, {chosen.label}"
        if run.history.records:
            yield measured(run, name, quantity, chosen, label, group, style="points" if paths else "line", positive=False)
        if grown:
            yield _predicted(run, f"{name}/theory", quantity, grown, f"{label}, {word}", group)


def _singular_values(run: MinNorm) -> Floats:
    """The singular values whose directions are followed, of the first seed."""
    shown = run.shown[0]
    if isinstance(shown, DeepMatrix):
        return shown.targets
    problem = shown.problem
    return problem.singular_values[followed(problem)]


# ---------------------------------------------------------------- beside the training


def _sweep(run: MinNorm) -> Iterator[Series]:
    """Norms of the networks' limits against alpha, and those that true descent reached."""
    limits = run.theory.limits
    there = [place for place, seeds in enumerate(limits) if len(seeds) == len(run.seeds)]
    network = run.diagonal[0]
    for order in ORDERS[:2]:
        if run.history.records:
            reached = np.stack([run.readings.latest(order, setting.name) for setting in network.settings])  # (alphas, seeds)
            yield medians(f"alpha-sweep/{order}", f"{order}, trained", np.array(network.alphas), reached, group=order, style="points")
        if there:
            values = np.stack([norm(np.array(limits[place]), order) for place in there])
            looks: dict[str, Any] = {"kind": "theory", "basis": "exact", "group": order}
            yield medians(f"alpha-sweep/{order}/limit", f"{order}, limit", SWEPT[there], values, **looks)


def _norm_vs_d(run: MinNorm) -> Iterator[Series]:
    c, draws = run.config, run.draws
    if c.own_rows:
        yield from _own_vs_d(run)
        return
    fine = np.unique(np.concatenate([run.widths, draws.widths, np.arange(c.n + 2, c.n + 20)]))
    fine = fine[(fine >= c.n + 2) & (fine <= run.widths[-1])]
    mean = np.array([expected_squared_norm(c.n, int(d), c.r2, c.sigma**2) for d in fine])
    yield Series("norm-vs-d/expected", "√(E|w*|^2)", fine / c.n, np.sqrt(mean), kind="theory", basis="exact", group="norm-mean")
    if draws.done > 1:
        square, error = mean_and_error(draws.squares[: draws.done])
        low, high = (np.sqrt(np.maximum(square + sign * error, 0)) for sign in (-1, 1))
        yield Series("norm-vs-d/draws", f"rms of {draws.done} draws", draws.widths / c.n, np.sqrt(square), low, high,
                     "1 standard error", basis="simulation", group="norm-mean", style="points")  # fmt: skip
    if run.theory.nested:
        nested = np.stack(run.theory.nested, axis=1)
        yield medians("norm-vs-d/nested", "one draw, its first d columns", run.widths / c.n, nested, group="norm-nested")


def _own_vs_d(run: MinNorm) -> Iterator[Series]:
    """Norm and test error of imported rows with ever more columns."""
    x = run.widths / run.config.n
    curves = (
        ("norm-vs-d", "first d columns of your rows", run.theory.nested),
        ("test-vs-d", "X^+ y on the test rows", run.theory.test_errors),
    )
    for figure, label, found in curves:
        if found:
            yield medians(f"{figure}/nested", label, x, np.stack(found, axis=1), group="norm-nested")


# ---------------------------------------------------------------- markers


def _minima(run: MinNorm) -> Iterator[Marker]:
    """Where norms are least, and the error of the completion of least nuclear norm."""
    yield Marker("norm-ratios", "y", 1.0, "least that fits", brief="least that fits")
    for order in ORDERS[:2]:
        found = run.theory.least.get(("diagonal", order))
        if found and found[0] is not None:
            yield Marker("alpha-sweep", "y", found[0], f"min {order}", order, brief=f"min {order}")
    errors = [part.problem.error(part.nuclear.completion) for part in run.matrix if part.nuclear.converged]
    if errors:
        yield Marker("matrix-completion", "y", float(np.median(errors)), "min nuclear", brief="min nuclear")


def _landmarks(run: MinNorm) -> Iterator[Marker]:
    c = run.config
    yield Marker("alpha-sweep", "x", c.alpha, f"alpha={c.alpha:g}")
    for figure in ("norm-vs-d", "test-vs-d") if c.own_rows else ("norm-vs-d",):
        yield Marker(figure, "x", 1.0, "d = n")
        if c.d > c.n:
            yield Marker(figure, "x", c.d / c.n, f"d = {c.d}")
    if c.param == "linear":
        linear = run.linear[0]
        yield Marker("null-component", "y", 1e-12, "1e-12: rounding")
        if run.history.records and min(run.readings.latest("distance", item.name).min() for item in linear.settings) < NEAREST:
            yield Marker("distance", "y", NEAREST, "below 1e-15: rounding", brief="rounding")
        if run.history.records and min(run.readings.latest("loss", item.name).min() for item in linear.settings) < ROUNDED:
            yield Marker("train-loss", "y", ROUNDED, "below 1e-28: rounding", brief="rounding")
