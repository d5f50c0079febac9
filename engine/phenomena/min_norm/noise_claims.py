"""The claims about noise on a diagonal network's labels, and about mirror descent: what each says, its domain, and how runs decide it.

HaoChen et al. 2020, arXiv:2006.08680; Blanc et al. 2020, arXiv:1904.09080; Gunasekar et al. 2018, arXiv:1802.08246.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Condition, within
from engine.judging import Judgement, Judges, censored, decided, pending
from engine.phenomena.min_norm.config import MIRRORED, WITH_NOISE

if TYPE_CHECKING:
    from engine.phenomena.min_norm.experiment import MinNorm

Floats = NDArray[np.float64]

QUIET, LABELS, WEIGHTS = "noise-none", "noise-labels", "noise-weights"
SPARSE_WITHIN, DENSE, NEAR, SAME, RATE = 0.01, 1.5, 1e-2, 1e-9, 0.05  # LN1 and LN6; LN2 and LN4; LN3; LN5
ROUNDING = 1e-12  # a distance below is that of rounding
FITTED, REACHED = 1e-8, 1e-6  # MIR1, MIR2: |X w - y|/|y| that counts as having arrived, and the distance allowed there
UNTIL_THE_END = "decided at the last step"
OURS, HAOCHEN, GUNASEKAR = "ours", "arXiv:2006.08680", "arXiv:1802.08246"

SPARSE = Condition(
    "n between 30 and 60, d between 2 n and 3 n, nonzeros at most n/8",
    lambda config: 30 <= config.n <= 60 and 2 * config.n <= config.d <= 3 * config.n and 8 * config.nonzeros <= config.n,
)
GENTLE = Condition(
    "noise_step between .01 and .025, delta at most 5, alpha between .3 and .7",
    lambda config: 0.01 <= config.noise_step <= 0.025 and config.delta <= 5 and 0.3 <= config.alpha <= 0.7,
)
SHRUNK = Condition(
    "2 noise_step^2 delta^2/n times the noisy steps between 10 and 16",
    lambda config: 10 <= 2 * (config.noise_step * config.delta) ** 2 * config.noisy_steps / config.n <= 16,
)
ANNEALED = Condition(
    "noise_step times the clean steps at least 300", lambda config: config.noise_step * (config.steps - config.noisy_steps) >= 300
)
CHOSEN_BY_NOISE = (WITH_NOISE, SPARSE, GENTLE, SHRUNK, ANNEALED)
STABLE = Condition("0 < eta at most .25 (of 2/s_max^2)", lambda config: 0 < config.eta <= 0.25)
WIDE = Condition("n at least 4, d at least 4 n", lambda config: config.n >= 4 and config.d >= 4 * config.n)
NOISE_PRESET, MIRROR_PRESET = ("label-noise",), ("mirror",)
NOISE_CLAIMS = (
    Claim("LN1", "Noise on labels makes the network sparse, without noise it stays dense: l1 / true l1", HAOCHEN,
          "1 with noise; above 1.5 without", "1 % with noise", NOISE_PRESET, CHOSEN_BY_NOISE, 0.01),
    Claim("LN2", "It finds min weighted l1, the least sum h_j |w_j| that fits, h_j = mean x_ij^2: distance", OURS, "0", "1e-2 relative",
          NOISE_PRESET, CHOSEN_BY_NOISE, 0.01),
    Claim("LN3", "u v = alpha^2 prod(1 - 4 eta^2 g^2), noisy or not", "algebra", "difference of logs 0", "1e-9", NOISE_PRESET,
          (WITH_NOISE, SPARSE, GENTLE, within("steps", hi=100_000)), identity=True),
    Claim("LN4", "It ends at the least hypentropy of the scales that are left: distance", OURS, "0", "1e-2 relative", NOISE_PRESET,
          CHOSEN_BY_NOISE, 0.01),
    Claim("LN5", "Scales fall as exp(-2 eta^2 delta^2 h_j t/n), noise +-delta: mean log decay over the formula's", OURS, "1", "5 %",
          NOISE_PRESET, CHOSEN_BY_NOISE, 0.01),
    Claim("LN6", "The noise's shape matters: Gaussian noise on the weights stays dense, l1 / true l1", HAOCHEN,
          "above 1.5", "none", NOISE_PRESET, CHOSEN_BY_NOISE, 0.01),
)  # fmt: skip
MIRROR_CLAIMS = (
    Claim("MIR1", "Mirror descent from 0 finds the least l_p norm, at half the step too: largest distance", GUNASEKAR, "0", "1e-6 relative",
          MIRROR_PRESET, (MIRRORED, STABLE, WIDE), 1e-3),
    Claim("MIR2", "From a drawn start it finds the least divergence from there: largest distance", GUNASEKAR, "0", "1e-6 relative",
          MIRROR_PRESET, (MIRRORED, STABLE, WIDE), 1e-3),
)  # fmt: skip


def l1_over_truth(run: MinNorm, setting: str) -> Floats:
    """The latest l1 norm over that of the true weights, whose entries are 1, (seeds,)."""
    return run.readings.latest("l1", setting) / run.config.nonzeros


def decay_over_formula(run: MinNorm) -> Floats:
    """Mean log of the effective scales over what the formula says, when the noise ends, (seeds,); not numbers before, or without noise."""
    steps, values = run.readings.table("log-scale", LABELS)
    there = np.flatnonzero(steps == run.config.noisy_steps)
    expected = np.array([float(part.decay(np.array([run.config.noisy_steps]))[0]) for part in run.noise])
    if not there.size:
        return np.full(len(run.seeds), np.nan)
    return np.asarray(values[there[0]] / np.where(expected == 0, np.nan, expected))


def _sparsifies(run: MinNorm) -> Judgement:
    noisy, quiet = l1_over_truth(run, LABELS), l1_over_truth(run, QUIET)
    worst, least = float(noisy[np.argmax(np.abs(noisy - 1))]), float(quiet.min())
    measured = f"{worst:.4g} with noise; {least:.3g} without"
    if not run.over:
        return pending(UNTIL_THE_END, measured if run.history.records else None)
    return decided(abs(worst - 1) <= SPARSE_WITHIN and least > DENSE, measured, values={"label noise": worst, "GD": least})


def _far(run: MinNorm, quantity: str, tolerance: float, missing: str) -> Judgement:
    """A distance at the end, the largest over seeds."""
    if not run.over:
        return pending(UNTIL_THE_END)
    worst = float(run.readings.latest(quantity, LABELS).max())
    return decided(worst <= tolerance, worst) if np.isfinite(worst) else censored(None, missing)


def _same_product(run: MinNorm) -> Judgement:
    if not run.over:
        return pending(UNTIL_THE_END)
    values = np.concatenate([run.readings.table("identity", name)[1] for name in (QUIET, LABELS)])
    worst = float(values.max())
    return decided(worst <= SAME, worst) if np.isfinite(worst) else censored(None, "every product u v has vanished")


def _falls(run: MinNorm) -> Judgement:
    ratios = decay_over_formula(run)
    if not np.isfinite(ratios).all():
        return pending("decided when the noise ends")
    worst = float(ratios[np.argmax(np.abs(ratios - 1))])
    return decided(abs(worst - 1) <= RATE, worst, f"at step {run.config.noisy_steps:,}", predicted=1.0)


def _shape_matters(run: MinNorm) -> Judgement:
    if not run.over:
        return pending(UNTIL_THE_END)
    least = float(l1_over_truth(run, WEIGHTS).min())
    return decided(least > DENSE, least, f"noise on labels {l1_over_truth(run, LABELS).max():.4g}")


def _mirrored(run: MinNorm, *quantities: str) -> Judgement:
    """The largest distance over exponents; censored where one has not fitted yet, or where its limit is not known."""
    if not run.over:
        return pending(UNTIL_THE_END)
    settings = run.shown[0].settings
    far = {item.label: max(float(run.readings.latest(name, item.name).max()) for name in quantities) for item in settings}
    misfit = {item.label: float(run.readings.latest("misfit", item.name).max()) for item in settings}
    slow = max(misfit, key=lambda label: misfit[label])
    if misfit[slow] > FITTED:
        return censored(
            max(far.values()), f"{slow} has not fitted: |X w - y|/|y| is {misfit[slow]:.1e}, raise steps", values={"misfit": misfit[slow]}
        )
    if not np.isfinite(list(far.values())).all():
        return censored(None, "the limit's programme has not arrived")
    worst = max(far, key=lambda label: far[label])
    note = "rounding error for every p" if far[worst] < ROUNDING else f"{worst} is farthest"
    return decided(far[worst] <= REACHED, far[worst], note, values=far)


NOISE_JUDGES: Judges[MinNorm] = {
    "LN1": _sparsifies,
    "LN2": lambda run: _far(run, "off-limit", NEAR, "the weighted l1 minimum is not known"),
    "LN3": _same_product,
    "LN4": lambda run: _far(run, "hyperentropy", NEAR, "the hypentropy's dual did not converge"),
    "LN5": _falls,
    "LN6": _shape_matters,
    "MIR1": lambda run: _mirrored(run, "off-limit", "off-half"),
    "MIR2": lambda run: _mirrored(run, "off-started"),
}
