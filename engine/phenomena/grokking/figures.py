"""The figures and pictures of grokking, what is measured, and how curves, bars, the grid of pairs, markers and sentences are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis, Condition, Figure, Marker, Picture, PictureSpec, Quantity, Series, one_of
from engine.phenomena.grokking.config import PAIRS
from engine.phenomena.grokking.domains import HALF_OF_53
from engine.phenomena.grokking.milestones import FINAL, GROKKED, MEMORISED, Milestones, all_reached
from engine.phenomena.grokking.omnigrok import figures as images
from engine.phenomena.grokking.settings import CONTROL, MAIN, NO_DECAY, P53, READ_AT, WATCHED, Setting, Task
from engine.readings import summarised
from engine.theory.modular_arithmetic.operations import ADDITIVE, CYCLIC

STEP = Axis("step", log=True, lo=1)
SWEPT = "filled by sweep yes (preset standard)"
EMPTY, ROTATIONS = "fills with the knob task at pairs", "fills with op add, sub, mul or div on pairs"
SQUARED = Condition("model gromov, or task images", lambda config: config.model == "gromov" or config.task == "images")
SOFTMAX = Condition("model mlp, transformer or decoder, on pairs", lambda config: not SQUARED.test(config))
FIGURES = (
    Figure("accuracy", "Accuracy", STEP, Axis("accuracy", lo=0.0, hi=1.0), ("accuracy/*",)),
    Figure("loss", "Loss", STEP, Axis("squared error", log=True), ("loss/*",), "mean over pairs, summed over outputs; over both of images",
           domain=(SQUARED,)),
    Figure("cross-entropy", "Loss", STEP, Axis("cross-entropy", log=True), ("cross-entropy/*",), "mean over pairs", domain=(SOFTMAX,)),
    Figure("progress", "Progress measures", STEP, Axis("margin, share"), ("progress/*",), empty=EMPTY, domain=(PAIRS,)),
    Figure("circuit", "Restricted and excluded", STEP, Axis("loss"), ("circuit/*",),
           "all pairs with the final model's key frequencies (80 % of the embedding's power) alone; training pairs without them",
           "fills with op add or sub on pairs", (PAIRS, one_of("op", *ADDITIVE))),
    Figure("spectrum", "Fourier spectrum", Axis("frequency"), Axis("share of power", lo=0.0), ("spectrum",),
           "of the embedding: of a neuron with Gromov's network, else of all dimensions; for add, sub, mul and div",
           ROTATIONS, (PAIRS, one_of("op", *CYCLIC))),
    Figure("accuracy-p53", "Without decay, p = 53", STEP, Axis("accuracy", lo=0.0, hi=1.0), ("accuracy-p53/*",),
           "trained on half of the pairs", "fills with model gromov at its default knobs", HALF_OF_53),
    Figure("delay-vs-fraction", "Delay against data", Axis("fraction of pairs trained on", lo=0.0, hi=1.0), Axis("grok step", log=True),
           ("delay-vs-fraction/*",), empty=SWEPT, domain=(PAIRS, one_of("sweep", True))),
    Figure("delay-vs-decay", "Delay against decay", Axis("weight decay", lo=0.0), Axis("grok step", log=True),
           ("delay-vs-decay/*",), empty=SWEPT, domain=(one_of("sweep", True),)),
    *images.FIGURES,
)  # fmt: skip
PICTURES = (PictureSpec("correctness", "Which pairs are right", domain=(PAIRS,)),)
PROGRESS = (
    Quantity("margin", "held-out margin", per="seed"),
    Quantity("share", "single-frequency share", per="seed"),
    Quantity("gini", "Gini of the spectrum", per="seed"),
)
QUANTITIES = (
    Quantity("train-loss", "train", finite=True),
    Quantity("test-loss", "test", finite=True),
    Quantity("train-accuracy", "train"),
    Quantity("test-accuracy", "test"),
    Quantity("collapse", "softmax collapse"),
    Quantity("norm", "squared norm"),
    Quantity("restricted", "restricted loss", per="seed"),
    Quantity("excluded", "excluded loss", per="seed"),
    *PROGRESS,
)

LEGEND = ("test, wrong", "test, right", "training, wrong", "training, right")
Floats = NDArray[np.float64]


def curves(r: Milestones, loss: str, gini: bool) -> Iterator[Series]:
    """Yield accuracy and loss of the watched settings, progress measures, the accuracy at p = 53, and delays.

    loss: the figure of the losses; gini: whether few frequencies are to be expected, so that their Gini coefficient is drawn, and the norm.
    """
    for figure, quantity in (("accuracy", "accuracy"), (loss, "loss")):
        for name in (name for name in WATCHED if name in r.settings and name != P53):
            for part in ("train", "test") if name != NO_DECAY else ("test",):  # its training curve lies on the main setting's
                label = f"{part}, {r.settings[name].label}{_until(r, name)}"
                yield r.curve(f"{part}-{quantity}", name, label, name=f"{figure}/{part}-{name}", group=f"{part}-{name}", from_step=1)
    yield from _progress(r, gini)
    for part in ("train", "test") if P53 in r.settings else ():  # in the colours of the main setting's, which stands in other figures
        yield r.curve(f"{part}-accuracy", P53, f"{part}, no decay", name=f"accuracy-p53/{part}", group=f"{part}-{MAIN}", from_step=1)
    yield from _delays(r, "fraction", attrgetter("fraction"), "decay", attrgetter("wd"))
    yield from _delays(r, "decay", attrgetter("wd"), "fraction", attrgetter("fraction"))


def _until(r: Milestones, name: str) -> str:
    """Where a setting's curves end, if the main one goes on beyond."""
    return f" (ends at {r.settings[name].steps:,})" if name == NO_DECAY and r.run_on(r.settings[MAIN]) else ""


def _progress(r: Milestones, gini: bool) -> Iterator[Series]:
    for quantity in PROGRESS if gini else PROGRESS[:2]:
        if len(r.table(quantity.name)[0]):
            yield r.curve(quantity.name, MAIN, quantity.label, name=f"progress/{quantity.name}", group=quantity.name, from_step=1)
    yield from _circuit(r, "restricted")
    for name, label in ((MAIN, "softmax collapse"), (CONTROL, "softmax collapse of the control")):
        if len(r.table("collapse", name)[0]):
            yield r.curve("collapse", name, label, name=f"progress/collapse-{name}", group=f"collapse-{name}", from_step=1)
    if gini:  # of Gromov's network it says nothing that a claim or its paper does
        steps, norms = r.table("norm")
        shares, later = norms / norms.max(axis=0, initial=0.0), steps >= 1
        yield summarised("progress/norm", "squared norm / its maximum", steps[later], shares[later], group="norm")
    yield from _circuit(r, "excluded")  # after the norm, for colours that do not lie beside that of the restricted loss


def _circuit(r: Milestones, name: str) -> Iterator[Series]:
    steps, values, keys = r.circuit(name)
    if len(steps):
        later = steps >= 1
        label = name if keys == FINAL else f"{name}, {keys} keys"
        yield summarised(f"circuit/{name}", label, steps[later], values[later], group=name)


def _delays(
    r: Milestones, name: str, across: Callable[[Setting], float], other: str, beside: Callable[[Setting], float]
) -> Iterator[Series]:
    """Yield when settings grokked against one of their knobs, a curve per value of the other, and those that have not as points."""
    delays = r.delays()
    for value, alike in groupby(sorted(delays, key=lambda setting: (beside(setting), across(setting))), key=beside):
        seen = [setting for setting in alike if all_reached(delays[setting])]
        if seen:
            label = f"{other} {value:g}"
            steps = np.stack([delays[setting] for setting in seen])
            yield summarised(f"delay-vs-{name}/{value:g}", label, [across(setting) for setting in seen], steps, group=label)
    late = [setting for setting in delays if not all_reached(delays[setting]) and r.over(setting.name)]
    if late:
        x, y = np.array(sorted((across(setting), setting.steps) for setting in late), dtype=np.float64).T
        yield Series(f"delay-vs-{name}/censored", "not by this step", x, y, style="points", group="censored")


def bars(power: Floats, neuron: bool) -> Series:
    """Return each frequency's share of the power of all dimensions, (frequencies, dimensions), or of a neuron: the first."""
    total = power[:, 0] if neuron else power.sum(axis=1)
    x, label = np.arange(1, len(total) + 1, dtype=np.float64), f"neuron 1 of {power.shape[1] // 2}" if neuron else "embedding"
    return Series("spectrum", label, x, total / max(total.sum(), 1e-300), style="bars", group="spectrum")


def correctness(task: Task, correct: NDArray[np.bool_], seed: int) -> Picture:
    """Return a cell per pair: whether it was trained on, and whether it is answered correctly; a downwards, b to the right."""
    table = task.table
    cells = np.full((table.tokens, table.tokens), len(LEGEND), dtype=np.uint8)
    cells[table.pairs[:, 0], table.pairs[:, 1]] = 2 * task.train + correct
    asked = cells.size == len(table.pairs)
    counts = np.bincount(2 * task.train + correct, minlength=len(LEGEND)).tolist()
    legend = tuple(f"{words} {count:,}" for words, count in zip(LEGEND, counts, strict=True)) + (() if asked else ("not asked",))
    note = f"{table.name}, {len(table.pairs):,} pairs, seed {seed}"
    return Picture("correctness", PICTURES[0].title, cells, palette="classes", legend=legend, x="b", y="a", equal=True, note=note)


def events(r: Milestones, chance: float) -> Iterator[Marker]:
    """Yield when the main setting and its control memorised and grokked (medians over seeds), the delay ratio, and chance."""
    yield Marker("accuracy", "y", chance, "chance")
    memorised, grokked, beside = r.memorised(), r.grokked(), r.grokked(CONTROL)
    found = []
    if all_reached(memorised):
        at = float(np.median(memorised))
        found.append((at, f"memorised at {at:,.0f}", f"train-{MAIN}"))
    if all_reached(grokked):
        at = float(np.median(grokked))
        found.append((at, f"grokked at {at:,.0f}", f"test-{MAIN}"))
    for step, label, curve in found:  # in the colour of the curve of accuracy that gets there, in every figure
        yield from (Marker(figure, "x", step, label, curve) for figure in ("accuracy", "loss", "cross-entropy", "progress", "circuit"))
    if all_reached(beside):
        at = float(np.median(beside))
        yield Marker("accuracy", "x", at, f"control grokked at {at:,.0f}", f"test-{CONTROL}")


def sentences(r: Milestones) -> Iterator[str]:
    """Say what cannot be seen: thresholds, when each setting memorised and grokked, last why the main one goes on beyond its steps."""
    yield f"memorised: at least {MEMORISED} % of training pairs right; grokked: at least {GROKKED} % of test pairs; medians over seeds"
    for name in reversed(WATCHED):
        if name not in r.settings:
            continue
        label, last, over = r.settings[name].label, r.settings[name].steps, r.over(name)
        memorised, grokked = r.memorised(name), r.grokked(name)
        if not all_reached(memorised):
            if over:
                yield f"{label}: not memorised by step {last:,} (censored)"
            continue
        said = f"{label}: memorised at {np.median(memorised):,.0f}"
        if all_reached(grokked):
            ratio = f"{'median ' * (grokked.size > 1)}ratio {np.median(r.delay_ratio(name)):.3g}"
            yield f"{said}, grokked at {np.median(grokked):,.0f}, {ratio}"
        else:
            yield f"{said}, not grokked by step {last:,} (censored)" if over else f"{said}, not grokked yet"
    later = r.run_on(r.settings[MAIN])
    if later:
        label = r.settings[MAIN].label
        yield f"{label} goes on to step {later:,}, {READ_AT:g} times its grok step, where claim GR4 looks"
