"""Bars, curves over n, margins and the sentences that print every constant of every bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Series
from engine.phenomena.vacuous_bounds.claims import Evidence
from engine.phenomena.vacuous_bounds.standing import Member, Standing
from engine.phenomena.vacuous_bounds.table import NAMES, RANDOM, TRUE
from engine.theory.bounds.risk_bounds import Bound, verdict

LABELS = {TRUE: "true labels", RANDOM: "random labels"}
CURVES = {"distance": "dist", "product": "prod", "spectral": "BFT", "neyshabur": "Ney", "test error": "error", "error on S'": "on S'"}
BINS = 40
VERDICTS = ("informative", "useless", "vacuous")
SIDES, ABOVE = (-0.27, 0.08), 4.0  # where the mark of each arm's bar stands: from its place on x; times its value, a row above on y
Floats = NDArray[np.float64]


def bars(standing: Standing, arms: Sequence[str]) -> list[Series]:
    """Return a bar per bound and arm, the mean over seeds with their range, and over each bar a mark of what it says."""
    found, said = [], []
    for arm in arms:
        members = [member for member in standing.members if member.arm == arm]
        names = [name for name in NAMES if members and all(name in member.bounds for member in members)]
        table = np.array([[member.bounds[name].value for member in members] for name in names]).reshape(len(names), -1)
        x = np.array([NAMES.index(name) for name in names], dtype=np.float64)
        several = table.shape[1] > 1
        low, high, band = (table.min(1), table.max(1), f"range of {table.shape[1]} seeds") if several else (None, None, "")
        mean = table.mean(1) if table.size else np.empty(0)
        found.append(Series(f"bounds/{arm}", LABELS[arm], x, mean, low, high, band, basis="bound", style="bars", group=arm))
        side = SIDES[arms.index(arm)] if len(arms) > 1 else 0.0
        said += [(place + side, value) for place, value in zip(x.tolist(), mean.tolist(), strict=True)]
    return [*found, *_marks(said)]


def _marks(said: Sequence[tuple[float, float]]) -> list[Series]:
    """Return a mark over every bar, (x, value) each, one series per verdict."""
    found = []
    for word in VERDICTS:
        xy = np.array([(x, ABOVE * value) for x, value in said if verdict(value) == word and np.isfinite(value)]).reshape(-1, 2)
        found.append(Series(f"bounds/{word}", word, xy[:, 0], xy[:, 1], basis="bound", style="points", group=word))
    return found


def bound_markers(standing: Standing, chance: float) -> list[Marker]:
    """Return the lines that bars are compared with: 1, chance, and the true arm's measured error and gap."""
    found = [Marker("bounds", "y", 1.0, "1"), Marker("bounds", "y", chance, "chance")]
    true = [member for member in standing.members if member.arm == TRUE] or standing.members
    if true:
        error = float(np.mean([member.test_error for member in true]))
        gap = error - float(np.mean([member.train_error for member in true]))
        found.append(Marker("bounds", "y", error, f"test error {error:.3f}", true[0].arm))
        if gap > 0:
            found.append(Marker("bounds", "y", gap, f"gap {gap:.3f}", true[0].arm))
    return found


def margin_series(standing: Standing, arms: Sequence[str]) -> list[Series]:
    """Return densities of the first seed's margins, raw and divided by `|X|_F R_A/n`, each per unit of the true arm's median."""
    first = {arm: next(member for member in standing.members if member.arm == arm) for arm in arms if standing.members}
    found = []
    for kind in ("raw", "normalised"):
        values = {
            arm: member.margins / (member.scale if kind == "normalised" else 1.0) for arm, member in first.items() if member.scale > 0
        }
        if not values:
            continue
        unit = abs(float(np.median(next(iter(values.values()))))) or 1.0
        for arm, margins in values.items():
            density, edges = np.histogram(np.clip(margins / unit, -2, 4), BINS, (-2.0, 4.0), density=True)
            name = f"{arm} {kind if kind == 'raw' else '/R_A'}"
            found.append(Series(f"margins/{kind}/{arm}", name, (edges[1:] + edges[:-1]) / 2, density, group=f"{arm} {kind}"))
    return found


def over_n(evidence: Evidence, seeds: int) -> list[Series]:
    """Return what was found over n, mean and range over seeds, the fitted slope in each label, which has to be short."""
    found = []
    for column, label in CURVES.items():
        for random in (False, True):
            n, values = evidence.column("n", random), evidence.column(column, random)
            kept = np.isfinite(values)
            sizes = np.unique(n[kept])
            if not sizes.size:
                continue
            groups = [values[kept & (n == size)] for size in sizes]
            low, high = (np.array([f(each) for each in groups]) for f in (np.min, np.max))
            fitted = None if random else evidence.slope(column)
            words = f"{label}, random" if random else f"{label} {fitted.value:+.2f}" if fitted else label
            mean = np.array([each.mean() for each in groups])
            name = f"bound-vs-n/{column.replace(' ', '-')}{'/random' if random else ''}"
            curve = Series(name, words, sizes, mean, style="points" if random else "line", group=column)
            found.append(replace(curve, lo=low, hi=high, band=f"range of {seeds} seeds") if seeds > 1 else curve)
    return found


def sentences(standing: Standing) -> list[str]:
    """Return a line per bound, of the first seed: each arm's value and verdict, the formula, every constant, ` | ` between them."""
    found = []
    for name in NAMES:
        each = [(member, member.bounds[name]) for member in standing.members if member.seed == 0 and name in member.bounds]
        if each:
            bound = each[0][1]
            words = "; ".join(f"{member.arm} {_figure(own.value)} {verdict(own.value)}{_beside(member, name)}" for member, own in each)
            caveat = f" ({bound.caveat})" if bound.caveat else ""
            constants = " | ".join(f"{member.arm}: {_constants(own)}" for member, own in each)
            found.append(f"Bound {name}{caveat}: {words} | {bound.form} | {constants}")
    return found


def on_spheres(evidence: Evidence) -> list[str]:
    """Return what became of S', every training point moved to the other sphere, where spheres are followed."""
    n, test, moved = (evidence.column(name) for name in ("n", "test error", "error on S'"))
    known = np.isfinite(moved)
    if not known.any():
        return []
    n, test, moved = n[known], test[known], moved[known]
    ends = [test[n == size].mean() for size in (n.min(), n.max())]
    least = f"error on S' at least {moved.min():.3g} up to n = {n.max():,.0f}"
    return [f"Spheres: {least}, test error {ends[0]:.3g} at n = {n.min():,.0f}, {ends[1]:.3g} there"]


def _beside(member: Member, name: str) -> str:
    """What the certificate is above: the error of the same draws on test points."""
    if name != "PAC-Bayes" or member.certified is None:
        return ""
    return f" (test error of the draws {_figure(member.certified.test_error)})"


def _constants(bound: Bound) -> str:
    return ", ".join(f"{name}={_figure(value)}" for name, value in bound.constants.items())


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e6 else f"{value:.3g}"
