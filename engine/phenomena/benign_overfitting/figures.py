"""What is drawn of benign overfitting: figures and pictures, means over the draws, markers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Condition, Figure, Marker, PictureSpec, Quantity, Series, Summary, one_of
from engine.phenomena.benign_overfitting.classification import figures as classification
from engine.phenomena.benign_overfitting.config import REGRESSION
from engine.phenomena.benign_overfitting.settings import Setting
from engine.phenomena.benign_overfitting.theory import order_label
from engine.readings import summarised
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.spectra.spectra import limiting_noise_error

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting

N, EXCESS = Axis("n", log=True), Axis("excess risk", log=True)
EMPTY = "fills with the knob task at regression"
WITH_SIGNAL = "fills with the knob signal above 0: then bias and variance differ"
HAS_SIGNAL = Condition("signal above 0, or your own spectrum", lambda config: config.signal > 0 or config.imported)
FIGURES = (
    Figure("excess-risk", "Risk by spectrum", N, EXCESS, ("excess-risk/*",),
           "theory: deterministic equivalent; sigma^2 times the noise risk, plus the signal's part", EMPTY,
           (REGRESSION,)),
    Figure("spectrum", "Spectrum", Axis("k", log=True), Axis("eigenvalue lam_k", log=True), ("spectrum/*",), "at the largest n", EMPTY,
           (REGRESSION,)),
    Figure("ranks", "Benign conditions", N, Axis("ratio", log=True), ("ranks/*",),
           "each must vanish with n; of exp + eps, or of your own spectrum", EMPTY,
           (REGRESSION,)),
    Figure(
        "bounds", "Theorem 4's bounds", N, EXCESS, ("bounds/*",),
        "constants c and c1, left open there: 2; upper bound: in 95 % of draws, where k* < n/2",
        empty="fills with a signal, without ridge: the bounds are those of interpolation",
        domain=(REGRESSION, HAS_SIGNAL, one_of("ridge", 0.0)),
    ),
    Figure(
        "orders", "Theorem 4: risk up to a constant", N, EXCESS, ("orders/*/simulation", "orders/*"),
        "Bartlett et al.",
        empty="fills where some r_k, the ridge added to its sum, is at least b n: raise ridge", domain=(REGRESSION,),
    ),
    Figure("noise-term", "Noise risk", N, EXCESS, ("noise-term/*",), empty=WITH_SIGNAL, domain=(REGRESSION, HAS_SIGNAL)),
    Figure("signal-term", "Signal's part", N, EXCESS, ("signal-term/*",), empty=WITH_SIGNAL, domain=(REGRESSION, HAS_SIGNAL)),
    *classification.FIGURES,
)  # fmt: skip
PICTURES = (
    PictureSpec("fit/exp-eps", "Benign fit: true between spikes", domain=(REGRESSION,)),
    PictureSpec("fit/power", "Tempered fit: noisy between", domain=(REGRESSION,)),
    PictureSpec("fit/exponential", "Catastrophic fit: wild between", domain=(REGRESSION,)),
)
QUANTITIES = (
    Quantity("draws", "draws", per="run"),
    Quantity("excess-risk", "mean excess risk"),
    Quantity("largest-residual", "largest training residual", per="run"),
    *classification.QUANTITIES,
)


def simulated(run: BenignOverfitting) -> Iterator[Series]:
    """Means over draws with their standard errors, noise and signal apart as well if there is a signal; risks on digits."""
    if run.step:
        for curve in run.shown_curves:
            group = curve[0].group
            noise, signal = ([run.drawn(setting, column) for setting in curve] for column in ("noise", "signal"))
            noise = [run.sigma2 * values for values in noise]
            both = [one + other for one, other in zip(noise, signal, strict=True)]
            yield _means(f"excess-risk/{group}/simulation", curve, both)
            if run.has_signal(curve):
                yield _means(f"noise-term/{group}/simulation", curve, noise)
                yield _means(f"signal-term/{group}/simulation", curve, signal)
            if group == run.chosen.group:
                if run.config.ridge == 0 and run.has_signal(curve):
                    yield _means("bounds/simulation", curve, both)
                parts = {"noise": noise, "signal": signal} if run.has_signal(curve) else {"noise": noise}
                for part, draws in parts.items():
                    found = _means(f"orders/{part}/simulation", curve, draws)
                    yield replace(found, label=order_label(run, part), group=group if part == "noise" else part)
    if run.digits.done:
        yield from _digits(run)


def _means(name: str, curve: list[Setting], draws: list[Floats]) -> Series:
    """The mean at every n with its standard error, which one draw does not have; settings differ in their number of draws."""
    x = np.array([setting.n for setting in curve], dtype=np.float64)
    mean, error = (np.array(column) for column in zip(*(mean_and_error(values) for values in draws), strict=True))
    label, group = curve[0].label, curve[0].group
    if not np.isfinite(error).all():
        return Series(name, label, x, mean, basis="simulation", style="points", group=group)
    low, band = np.maximum(mean - error, mean / 10), Summary.MEAN_ERROR.format(n=f"{max(map(len, draws))} draws")
    return Series(name, label, x, mean, low, mean + error, band, basis="simulation", style="points", group=group)


def _digits(run: BenignOverfitting) -> Iterator[Series]:
    """Noise risk of kernel interpolation on digits: measured, (seeds, sizes), and predicted from the first seed's spectrum."""
    x, name, label = np.array(run.digit_sizes, dtype=np.float64), "excess-risk/digits", "kernel on digits"
    measured, predicted = run.sigma2 * run.digits["measured"], run.sigma2 * run.digits["predicted"][0]
    yield summarised(f"{name}/simulation", label, x, measured.T, basis="simulation", style="points", group="digits")
    there = np.isfinite(predicted)
    yield Series(
        f"{name}/theory", f"{label}, theory", x[there], predicted[there], kind="theory", basis="asymptotic", group="digits"
    )  # fmt: skip


def markers(run: BenignOverfitting) -> tuple[Marker, ...]:
    """The limits each power law tends to, and k* of the benign spectrum."""
    found = []
    for first, *_ in run.shown_curves:
        if first.family == "power" and run.config.ridge == 0 and run.sigma2 > 0:
            limit = run.sigma2 * float(limiting_noise_error("power", 100, a=first.parameter) - 1)
            of = f"k^-{first.parameter:g}"
            found.append(Marker("excess-risk", "y", limit, f"limit of {of}", first.group, f"lim {of}"))
    group = "own" if run.config.imported else "exp-eps"
    n, k_star = run.of(group)[-1].n, run.terms[run.of(group)[-1]].k_star
    if k_star is not None:
        found.append(
            Marker("spectrum", "x", k_star + 0.5, f"k* = {k_star} at n = {n:,}", group, f"k* = {k_star}")
        )  # between the first k* and the tail
    return tuple(found)
