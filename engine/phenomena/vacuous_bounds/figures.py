"""Figures: bars of bounds beside what makes one vacuous or useless, curves over n, margins, and the linear example with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Layer, Marker, Picture, PictureSpec, Quantity, Series, Summary
from engine.readings import Floats, summarised

if TYPE_CHECKING:
    from engine.phenomena.vacuous_bounds.experiment import VacuousBounds
    from engine.phenomena.vacuous_bounds.measurements import NetworkMeasurement

NAMES = (
    "VC", "parameters", "Rademacher", "Golowich", "BFT", "NBS", "Occam", "PAC-Bayes", "classic", "quadratic", "lambda", "half data",
    "held out",
)  # fmt: skip
TERMS = ("spectral", "Neyshabur", "two-layer")  # complexity terms: no bounds
BOUNDED = (*NAMES, *TERMS)
PEREZ_ORTIZ = ("classic", "quadratic", "lambda")  # PAC-Bayes bounds above the certificate, which relax its kl inverse: not drawn
DRAWN = tuple(name for name in NAMES if name not in PEREZ_ORTIZ)
OF_PAPERS = {"BFT": "Bartlett", "NBS": "Neyshabur", "half data": "learnt prior", "spectral": "Bartlett"}
SHOWN_AS = {name: OF_PAPERS.get(name, f"PAC-Bayes {name}" if name in PEREZ_ORTIZ else name) for name in BOUNDED}
OVER_N = {"distance": "|w-w0|", "spectral": "Bartlett", "test error": "test error", "error on S'": "error on S'"}
CHANCE = 0.5
REACH = (-1.0, 3.0)  # of margins, in medians on true labels
POINTS = 161
SHARE_BELOW = Axis("share below", lo=0.0, hi=1.0)

QUANTITIES = (
    Quantity("train-error", "training error"),
    Quantity("test-error", "test error"),
    *(Quantity(name, name) for name in BOUNDED if name != "half data"),
    Quantity("half data", "half data", per="seed"),
    Quantity("half-data-test-error", "test error of the draws around weights learnt on half of the data", per="seed"),
    Quantity("stochastic-train-error", "training error of the posterior's draws"),
    Quantity("stochastic-test-error", "test error of the posterior's draws"),
)
FIGURES = (
    Figure("bounds", "Bounds on the error",
           Axis("bound", lo=-0.6, hi=len(DRAWN) - 0.4, ticks=tuple(enumerate(map(SHOWN_AS.__getitem__, DRAWN)))),
           Axis("bound", log=True, lo=0.01), ("bounds/*",), "learnt prior: on true labels only"),
    Figure("terms", "Terms, none is a bound",
           Axis("term", lo=-0.6, hi=len(TERMS) - 0.4, ticks=tuple(enumerate(SHOWN_AS[name] for name in TERMS))),
           Axis("value", log=True), ("terms/*",)),
    Figure("bound-vs-n", "Growth, other networks", Axis("n", log=True), Axis("value", log=True), ("bound-vs-n/*",),
           "knob follow's networks (few: two hidden layers of 64), each n to one margin; ~ n^: slope; Bartlett: no constants",
           "fills last, after the certificates, unless the knob follow is nothing",
           (Condition("follow other than nothing", lambda config: config.follow != "nothing"),)),
    Figure("margins", "Margins, raw", Axis("margin / median on true labels"), SHARE_BELOW, ("margins/*",)),
    Figure("normalised-margins", "Margins, normalised", Axis("margin / median on true labels"), SHARE_BELOW, ("normalised-margins/*",),
           "normalised: divided by |X|_F R_A/n"),
    Figure("two-sided", "Uniform convergence fails", Axis("D/m", log=True), Axis("error", lo=0.0, hi=1.0), ("two-sided/*",),
           "two-sided, of error on S and test error; S' is S with x2 negated"),
)  # fmt: skip
PICTURES = (PictureSpec("two-sided-plane", "S, S' and boundary"),)


def bars(run: VacuousBounds) -> list[Series]:
    """Return a bar per bound and condition, and in a figure of their own the complexity terms, which bound nothing."""
    found: list[Series] = []
    for condition in run.config.conditions if run.measured else ():  # a run may be paused before it has measured anything
        networks = run.measured_in(condition)
        x, values = _heights(networks, DRAWN)
        name, label = condition.name, condition.label
        found.append(summarised(f"bounds/{name}", label, x, values, basis="bound", style="bars", group=name))
        x, values = _heights(networks, TERMS)
        found.append(summarised(f"terms/{name}", label, x, values, style="bars", group=name))
    return found


def _heights(networks: Sequence[NetworkMeasurement], names: Sequence[str]) -> tuple[list[float], Floats]:
    """Return the places of the bars that there are, and their values, (bars, networks)."""
    there = [name for name in names if networks and name in networks[0].bounds]
    values = np.array([[network.bounds[name].value for network in networks] for name in there]).reshape(len(there), len(networks))
    return [float(names.index(name)) for name in there], values


def markers(run: VacuousBounds) -> list[Marker]:
    """Return the lines that bars are compared with, 1, chance and the measured error (on true labels where there are any); the D/m."""
    found = [
        Marker("bounds", "y", 1.0, "vacuous from 1", brief="vacuous"),
        Marker("bounds", "y", CHANCE, "useless from .5, the error of guessing", brief="guessing"),
    ]
    condition = run.config.conditions[0]
    networks = run.measured_in(condition)
    if networks:
        error = float(np.mean([network.test_error for network in networks]))
        found.append(
            Marker(
                "bounds", "y", error, f"test error, {condition.label}: {error:.3f}", condition.name, brief=f"test error, {condition.label}"
            )
        )
    ratio = run.config.D_over_m
    return [*found, Marker("two-sided", "x", float(ratio), f"D/m = {ratio}", brief=f"D/m={ratio}")]


def margins_below(run: VacuousBounds) -> list[Series]:
    """Return the share of the first seed's margins below each margin, raw and divided by `|X|_F R_A/n`, per median on true labels."""
    found = []
    first = {condition: run.measured_in(condition)[0] for condition in run.config.conditions if run.measured}
    moved = {on: each for on, network in first.items() if (each := network.normalised_margins) is not None}
    for figure, margins in (("margins", {on: first[on].margins for on in moved}), ("normalised-margins", moved)):
        unit = abs(float(np.median(next(iter(margins.values()))))) or 1.0 if margins else 1.0
        at = np.linspace(*REACH, POINTS)
        for on, values in margins.items():
            below = np.searchsorted(np.sort(values / unit), at) / values.size
            found.append(Series(f"{figure}/{on.name}", on.label, at, below, group=on.name))
    return found


def over_n(run: VacuousBounds) -> list[Series]:
    """Return what was found over n, mean and range of those that reached the margin; the slope in each label, which has to be short."""
    found: list[Series] = []
    networks = run.over_n
    if networks is None:
        return found
    for column, label in OVER_N.items():
        for random in (False, True):
            n, values = networks.column("n", random), networks.column(column, random)
            sizes = np.unique(n[np.isfinite(values)])
            if not sizes.size:
                continue
            each = [values[(n == size) & np.isfinite(values)] for size in sizes]
            slope = None if random else networks.slope(column)
            told = f"{label}, random labels" if random else f"{label} ~ n^{slope.value:.2f}" if slope else label
            name = f"bound-vs-n/{column.replace(' ', '-')}{'/random' if random else ''}"
            mean, low, high = (np.array([pick(group) for group in each]) for pick in (np.mean, np.min, np.max))
            curve = Series(name, told, sizes, mean, style="points" if random else "line", group=column)
            band = Summary.MEAN_RANGE.format(n=f"{len(run.seeds)} seeds")
            found.append(replace(curve, lo=low, hi=high, band=band) if len(run.seeds) > 1 else curve)
    return found


def two_sided(run: VacuousBounds) -> tuple[Series, Series]:
    """Return test error and error on S' of the linear example against D/m."""
    x = list(run.examples)
    test = np.array([[one.test_error for one in draws] for draws in run.examples.values()])  # (ratios, seeds)
    flipped = np.array([[one.flipped_error for one in draws] for draws in run.examples.values()])
    return (
        summarised("two-sided/test-error", "test error", x, test, basis="exact", group="test-error"),
        summarised("two-sided/flipped", "error on S'", x, flipped, basis="exact", group="flipped"),
    )


def two_sided_plane(run: VacuousBounds) -> Picture:
    """Return S and S' of the first seed in the plane of the two parts of the classifier's output, with the boundary where they cancel."""
    ratio = run.config.D_over_m
    shown = run.examples[ratio][0]
    sample, flipped = shown.plane
    reach = 1.2 * float(np.abs(sample).max())
    side = 1.1 * float(np.abs(sample[:, 0]).max())
    note = f"D/m = {ratio}: error on S {shown.train_error:g}, on S' {shown.flipped_error:g}"
    layers = (
        Layer("line", np.array([[-side, side], [side, -side]]), "boundary", "boundary"),
        Layer("points", sample, "S", "test-error"),
        Layer("points", flipped, "S', x2 negated", "flipped"),
    )
    return Picture(
        "two-sided-plane",
        PICTURES[0].title,
        layers=layers,
        extent=(-side, side, -reach, reach),
        x="signal w1.x1",
        y="noise w2.x2",
        note=note,
    )
