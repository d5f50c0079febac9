"""What the randomisation test shows: its figures and pictures, and how they are made from the measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Figure, Marker, Picture, PictureSpec, Quantity, Series
from engine.phenomena.random_labels.conditions import RANDOM, TRUE, Condition
from engine.phenomena.random_labels.config import BETWEEN, LOW
from engine.readings import summarised

if TYPE_CHECKING:
    from engine.data.corruption import InputKind
    from engine.phenomena.random_labels.experiment import RandomLabels

QUANTITIES = (
    Quantity("train-loss", unit="nats", figure="train-loss", finite=True),
    Quantity("train-accuracy", figure="train-accuracy"),
    Quantity("test-error", figure="test-error"),
    Quantity("paired-gap", "largest difference of the paired losses", unit="nats", per="run"),
    Quantity("rank-of-hits", "share of renamings of the classes as far from chance as random labels' test error", per="run"),
)

STEP = Axis("step", log=True, lo=1)
CORRUPTION = Axis("corruption q", lo=0.0, hi=1.0)
FIGURES = (
    Figure("train-accuracy", "Training accuracy", STEP, Axis("accuracy", lo=0.0, hi=1.0), ("train-accuracy/*",),
           "an MLP fits shuffled pixels as it fits true labels"),
    Figure("test-error", "Test error", STEP, Axis("error", lo=0.0, hi=1.0), ("test-error/*",)),
    Figure("test-error-levels", "Partly random labels", STEP, Axis("test error", lo=0.0, hi=1.0), ("test-error-levels/*",),
           "", "fills with levels of corruption between", (BETWEEN,)),
    Figure("train-loss", "Training loss", STEP, Axis("nats an example", log=True), ("train-loss/*",), "until all are fitted"),
    Figure("time-to-fit", "Time to fit", CORRUPTION, Axis("relative to q=0", lo=0.0), ("time-to-fit",)),
    Figure("error-vs-corruption", "Test error and corruption", CORRUPTION, Axis("error", lo=0.0, hi=1.0), ("error-vs-corruption",)),
)  # fmt: skip

COLOURLESS = 2  # dimensions of an image without colours
MAPPED = (TRUE, RANDOM)  # the curves of training accuracy say as much of the other conditions
PICTURES = (
    *(PictureSpec(f"memorised/{name}", f"Fitted: {name} labels") for name in MAPPED),
    PictureSpec("conditions", "One input under every condition"),
)
BLOCKS = 20  # parts of a class in its map, so that a terminal shows all of it
HALF_FITTED = "median step to fit"
FITTED, UNSCORED = "share fitted", "not yet scored"  # published networks are scored on all examples once they seem to fit them
SHOWN = {
    "true": "true",
    "shuffled": "shuffled pixels",
    "random-pixels": "random pixels",
    "gaussian": "Gaussian pixels",
}  # inputs, below them


def against_step(run: RandomLabels) -> Iterator[Series]:
    """Yield training accuracy, test error and training loss of every condition, and the test error of partly random labels apart."""
    between = [condition for condition in run.conditions if condition.corruption in run.config.between]
    others = [condition for condition in run.conditions if condition not in between]
    for condition in (*others[:4], *between[:2], *others[4:], *between[2:]):  # in this order neither figure has neighbouring colours
        if condition in between:
            yield run.readings.curve("test-error", condition.name, name=f"test-error-levels/{condition.name}", from_step=1)
        else:
            yield run.readings.curve("train-accuracy", condition.name, from_step=1)
    for quantity in ("test-error", "train-loss"):
        for condition in others:
            curve = run.readings.curve(quantity, condition.name, from_step=1)
            yield until_rest(curve) if quantity == "train-loss" else curve


def until_rest(curve: Series) -> Series:
    """A curve up to where it moves no more: a network whose labels are all fitted is trained no further, and its loss is no plateau."""
    parts = [part for part in (curve.y, curve.lo, curve.hi) if part is not None]
    moves = np.flatnonzero(np.any([np.diff(part) != 0 for part in parts], axis=0))
    stop = int(moves[-1]) + 2 if moves.size else len(curve.x)
    lo, hi = (None if part is None else part[:stop] for part in (curve.lo, curve.hi))
    return replace(curve, x=curve.x[:stop], y=curve.y[:stop], lo=lo, hi=hi)


def against_corruption(run: RandomLabels) -> Iterator[Series]:
    """Yield the time to fit and the test error over the probability that a training label is replaced."""
    q = np.array([condition.corruption for condition in run.levels])
    slowdown = np.stack([run.slowdown(condition.name) for condition in run.levels])
    yield summarised("time-to-fit", "steps to 99 %", q, slowdown, present=True, group="corruption")
    errors = np.stack([run.readings.latest("test-error", condition.name) for condition in run.levels])
    yield summarised("error-vs-corruption", "test error", q, errors, group="corruption")


def memorised(run: RandomLabels, name: str, condition: Condition) -> Picture:
    """Return from which step on half of the first seed's examples are fitted under a condition, part by part of every class.

    Where examples are scored exactly only now and then, as those of published networks: which share of them is fitted.
    """
    labels, fitted = run.data[run.seeds[0]].labels.at(condition.corruption), run.fitted_labels(condition.name)
    scored, seed = run.scored_at(name), f"seed {run.seeds[0]}"
    note = f"{int(fitted.sum()):,} of {len(labels):,} fitted, {seed}" if scored != 0 else f"{seed}, scored once all seem fitted"
    note += f", scored at step {scored:,}" if scored else ""
    since = run.fitted_since(name)
    if since is None:
        cells, hi, shade = memorisation_map(fitted, labels, run.split.classes), 1.0, FITTED if scored != 0 else UNSCORED
    else:
        cells, hi, shade = fitting_map(since, labels, run.split.classes), slowest_part(run), HALF_FITTED
    return Picture(
        f"memorised/{name}", f"Fitted: {condition.label}", cells, lo=0.0, hi=hi, shade=shade,
        y="label", note=note, rows=tuple(run.split.called(label) for label in range(run.split.classes)), columns=("examples",),
    )  # fmt: skip


def memorisation_map(fitted: NDArray[Any], labels: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Return the shares of fitted examples in equal parts of every class, (classes, parts); nan for a class without examples.

    fitted, labels: (n,).
    """
    return _by_parts(fitted.astype(np.float64), labels, classes, np.mean)


def fitting_map(since: NDArray[Any], labels: NDArray[Any], classes: int) -> NDArray[np.float64]:
    """Return the first step from which on at least half of the examples are fitted in equal parts of every class, (classes, parts).

    nan where fewer are so far. since: (n,), -1 where an example is not fitted; labels: (n,).
    """
    steps = np.where(since < 0, np.inf, since.astype(np.float64))
    found = _by_parts(steps, labels, classes, lambda part: np.sort(part)[(part.size - 1) // 2])
    return np.where(np.isfinite(found), found, np.nan)


def slowest_part(run: RandomLabels) -> float:
    """Return the step from which on half of the slowest part is fitted on random labels: the end of both maps' scale."""
    corruption, since = next(one.corruption for one in run.conditions if one.name == RANDOM), run.fitted_since(RANDOM)
    if since is None:
        return float(run.history.last)
    found = fitting_map(since, run.data[run.seeds[0]].labels.at(corruption), run.split.classes)
    return max(10.0, float(np.max(found, where=np.isfinite(found), initial=0.0)))


def _by_parts(
    values: NDArray[np.float64], labels: NDArray[Any], classes: int, said: Callable[[NDArray[np.float64]], Any]
) -> NDArray[np.float64]:
    """Return what is said of equal parts of every class, (classes, parts); nan for a class without examples. values, labels: (n,)."""
    count = max(1, min(BLOCKS, int(np.bincount(labels, minlength=classes).min())))
    cells = np.full((classes, count), np.nan)
    for label in range(classes):
        cells[label] = [said(part) if part.size else np.nan for part in np.array_split(values[labels == label], count)]
    return cells


def input_conditions(run: RandomLabels) -> Picture:
    """Return the first training input under every condition."""
    every: tuple[InputKind, ...] = ("true", "shuffled", "random-pixels", "gaussian")
    kinds = every if run.config.corrupted_pixels else (run.config.inputs,)
    data = run.data[run.seeds[0]]
    images = side_by_side([run.first_input(kind) for kind in kinds], run.split.shape)
    true, random = (run.split.called(int(labels[0])) for labels in (data.labels.true, data.labels.at(1.0)))
    note, below = f"true label {true}, random label {random}", tuple(SHOWN[kind] for kind in kinds)
    signals = len(run.split.shape) == 1
    return Picture(
        "conditions", PICTURES[-1].title, images, palette="grey", note=note, equal=not signals,
        shade="signal" if signals else "standardised",
        rows=below if signals else (), columns=() if signals else below,
    )  # fmt: skip


def side_by_side(images: Sequence[NDArray[Any]], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return images (d,) of this shape next to each other with a dark column between, colours as grey; signals one under the other."""
    arrays = [np.asarray(image, dtype=np.float64).reshape(shape) for image in images]
    if len(shape) > COLOURLESS:
        arrays = [array.mean(axis=-1) for array in arrays]
    if len(shape) == 1:
        return np.stack(arrays)
    gap = np.full((shape[0], 1), min(array.min() for array in arrays))
    parts = [part for array in arrays for part in (array, gap)]
    return np.concatenate(parts[:-1], axis=1)


def markers(run: RandomLabels) -> Iterator[Marker]:
    """Yield chance, and the loss at which Inception's conditions are ordered."""
    for figure in ("test-error", "test-error-levels", "error-vs-corruption"):
        yield Marker(figure, "y", run.split.chance_error, "chance")
    yield Marker("train-accuracy", "y", 1.0 - run.split.chance_error, "chance")
    if run.config.model == "inception":
        yield Marker("train-loss", "y", LOW, "loss at which conditions are ordered", brief=f"loss {LOW:g}")
