"""What theory says before the first draw: risks by the deterministic equivalent, spectra, effective ranks, bounds, orders.

Bartlett et al. 2020 (arXiv:1906.11300), Theorem 4: bounds of interpolation; Tsigler, Bartlett 2023 (arXiv:2009.14286): orders with
a ridge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Basis, Series
from engine.data.spectrum import own_spectrum
from engine.phenomena.benign_overfitting.settings import Setting, resolved
from engine.theory.spectra.deterministic_equivalent import best_ridge, equivalent
from engine.theory.spectra.effective_rank import BenignTerms, critical_rank, lower_bound, ridge_terms, upper_bound

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting

FINE = 14  # sizes n of a curve
SHOWN = 120  # eigenvalues drawn of a spectrum, evenly on the log axis
VANISHED = 0.1  # of what must vanish with n: a spectrum is called benign at an n where all three are at most this
CONDITIONS = ("r_0/n", "k*/n", "n/R_k*")
CONSTANT = 2.0  # for c and c1, of which Theorem 4 says that they exist


def expected(setting: Setting, ridge: float) -> tuple[float, float]:
    """Return the deterministic equivalent's E0 - 1 and signal term."""
    solution = equivalent(setting.eigenvalues, setting.n, ridge)
    return float(solution.E0[0]) - 1, float(solution.test_mse(setting.target**2, 0.0)[0])


def tuned_ridge(setting: Setting, sigma2: float) -> float:
    """Return the ridge of least expected risk, 0 where the least is below; without signal or noise there is none to look for."""
    if setting.signal == 0 or sigma2 == 0:
        return 0.0
    return max(0.0, best_ridge(setting.eigenvalues, setting.target**2, setting.n, sigma2)[0])


def ranks_in_words(setting: Setting, terms: BenignTerms) -> str:
    """Return what a family's name stands for, k* of a setting, and the order of the noise risk there."""
    named = f"exp: exp(-k/{setting.parameter:g}); " if setting.family == "exp-eps" else ""
    head = f"{named}{setting.label}, n={setting.n}"
    if terms.k_star is None:
        return f"{head}: no k has r_k >= b n, so the noise has nowhere to hide"
    return f"{head}: k* = {terms.k_star}, k*/n + n/R_k* = {terms.noise_rate:.2g}"


def benign(terms: BenignTerms) -> bool:
    """Whether Theorem 4's three quantities, which must vanish with n, are small at this n."""
    return max(terms.conditions) <= VANISHED


def own_in_words(run: BenignOverfitting) -> tuple[str, ...]:
    """Return whether the imported spectrum is benign at its largest n, by which condition if not, and what is left out of it."""
    setting = run.chosen
    if not run.config.imported:
        return ()
    terms, given = run.terms[setting], own_spectrum(setting.name_of, setting.sha256)
    values = dict(zip(CONDITIONS, terms.conditions, strict=True))
    large = [f"{name} = {value:.3g}" for name, value in values.items() if not value <= VANISHED]
    small = ", ".join(f"{name} = {value:.3g}" for name, value in values.items())
    judged = f"not benign at n={setting.n}: {', '.join(large)} above {VANISHED:g}" if large else f"benign at n={setting.n}: {small}"
    theory = f"noise risk by theory {run.expected[setting] - 1:.3g} per unit of noise"
    left = [f"{given.zeros:,} eigenvalues are 0 and left out"] if given.zeros else []
    beyond = [str(n) for n in sorted(run.config.n) if n >= setting.p]
    left += [f"n={', '.join(beyond)} not drawn of it: no interpolation with {setting.p:,} eigenvalues above 0"] if beyond else []
    count = resolved(given.eigenvalues)
    lost = [str(n) for n in sorted(run.config.n) if count < n < setting.p]
    left += [f"n={', '.join(lost)} not drawn of it: all but {count:,} eigenvalues are lost to rounding beside the first"] if lost else []
    source = "its own signal" if given.target is not None else "the knob's signal, the same in all directions"
    left += [source] if setting.signal else []
    return (*(("; ".join([f"{given.name}: {left[0]}", *left[1:]]),) if left else ()), f"{given.name} is {judged}; {theory}")


# ---------------------------------------------------------------- curves


def expected_curves(run: BenignOverfitting) -> Iterator[Series]:
    """Every curve that does not wait for a draw; groups in an order that no knob and no draw changes."""
    for curve in run.shown_curves:
        yield from _risk(run, curve)
        yield _spectrum(curve[-1])
    yield from _ranks(run)
    if run.config.ridge == 0 and run.has_signal(run.of(run.chosen.group)):
        yield from _bounds(run, run.of(run.chosen.group))
    yield from _orders(run)


def _risk(run: BenignOverfitting, curve: list[Setting]) -> Iterator[Series]:
    first, last = curve[0], curve[-1]
    grid = np.unique(np.geomspace(first.n, last.n, FINE if last.n > first.n else 1).round().astype(int))
    noise, signal = np.array([expected(last.at(int(n)), run.config.ridge) for n in grid]).T
    noise = run.sigma2 * noise
    yield _curve(f"excess-risk/{first.group}/theory", f"{first.label}, theory", grid, noise + signal, first.group)
    if run.has_signal(curve):
        yield _curve(f"noise-term/{first.group}/theory", f"{first.label}, theory", grid, noise, first.group)
        yield _curve(f"signal-term/{first.group}/theory", f"{first.label}, theory", grid, signal, first.group)


def _spectrum(setting: Setting) -> Series:
    index = np.unique(np.geomspace(1, setting.p, SHOWN).round().astype(int))
    lam = setting.eigenvalues[index - 1]
    shown = lam > lam[0] * 1e-12
    # marked as what is measured, as all that stands over n is: five tints and dashes would not tell them apart without colour
    x, y = index[shown].astype(np.float64), lam[shown]
    return Series(f"spectrum/{setting.group}", setting.label, x, y, basis="exact", group=setting.group)


def _ranks(run: BenignOverfitting) -> Iterator[Series]:
    curve = run.of("own" if run.config.imported else "exp-eps")
    table = np.array([run.terms[setting].conditions for setting in curve])
    for name, values in zip(CONDITIONS, table.T, strict=True):
        label = f"{name}, {curve[0].label}" if run.config.imported else name
        there = np.isfinite(values) & (values > 0)
        n = np.array([setting.n for setting in curve], dtype=np.float64)[there]
        # marked as what is measured, which their tints and dashes would not tell apart: nothing else stands beside them
        yield Series(f"ranks/{name}", label, n, values[there], basis="exact", group=name)


def _bounds(run: BenignOverfitting, curve: list[Setting]) -> Iterator[Series]:
    """Theorem 4's bounds of the chosen family's excess risk; the upper one where the tail hides the noise, k* < n/c1."""
    lower = [lower_bound(run.terms[one], one.n, run.sigma2, CONSTANT, CONSTANT) for one in curve]
    yield _marked("bounds/lower", "lower bound", curve, lower, "bound")
    hidden = [one for one in curve if run.terms[one].k_over_n < 1 / CONSTANT]
    if hidden:
        upper = [
            upper_bound(run.terms[one], one.n, float(one.target @ one.target), one.eigenvalues[0], run.sigma2, c=CONSTANT)
            for one in hidden
        ]  # fmt: skip
        yield _marked("bounds/upper", "upper bound", hidden, upper, "bound")


def _marked(name: str, label: str, curve: list[Setting], values: Any, basis: Basis) -> Series:
    """A curve over n marked as what is measured, of a colour of its own: two in tints of one colour cannot be told apart."""
    n, y = np.array([one.n for one in curve], dtype=np.float64), np.asarray(values, dtype=np.float64)
    return Series(name, label, n, y, basis=basis, group=label)


def _orders(run: BenignOverfitting) -> Iterator[Series]:
    """The orders of the noise and signal terms of the chosen family with the ridge."""
    ridge, sigma2 = run.config.ridge, run.sigma2
    ranks = {one: critical_rank(one.eigenvalues, one.n, run.config.b, ridge) for one in run.of(run.chosen.group)}
    hidden = {one: k for one, k in ranks.items() if k is not None}
    if not hidden:
        return
    orders = np.array([ridge_terms(one.eigenvalues, one.target, one.n, k, ridge, sigma2) for one, k in hidden.items()])
    names = ("noise", "signal") if run.has_signal(list(hidden)) else ("noise",)
    plain = ridge == 0 and sigma2 == 1 and len(names) == 1
    for name, order in zip(names, orders.T, strict=False):
        label = " + ".join(CONDITIONS[1:]) if plain else f"order of {name}"
        yield _marked(f"orders/{name}/order", label, list(hidden), order, "bound")


def order_label(run: BenignOverfitting, part: str) -> str:
    """The legend name of a part of the chosen family's excess risk, all of it where there is no signal."""
    return f"{run.chosen.label}, {part}" if run.has_signal(run.of(run.chosen.group)) else run.chosen.label


def _curve(name: str, label: str, x: Any, y: Any, group: str, basis: Basis = "asymptotic") -> Series:
    points = np.asarray([x, y], dtype=np.float64)
    return Series(name, label, points[0], points[1], kind="theory", basis=basis, group=group)
