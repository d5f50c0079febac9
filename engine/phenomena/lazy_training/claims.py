"""The claims of lazy training: what each says, its tolerance, and how the trained networks decide it.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956. With several seeds, quantities are means over them; LT6 and LT7 take the worst.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim
from engine.judging import Judgement, Judges, decided, not_applicable, pending

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.experiment import LazyTraining

LAZY = 10.0  # output scale from which training is lazy, with the factor 1/sqrt(m)
SLOPE = 0.05  # on either side of -1
FROZEN = 0.05  # largest relative change of the kernel
GAPS = ((100.0, 0.05), (1000.0, 0.01))  # output scale, largest rms distance to the linearised model
RICH, SHARE = 0.01, 0.3  # output scale that learns features, its largest share of the linearised limit's test error
MONOTONE = 0.95  # least rank correlation of test error with the output scale
RESIDUAL = 1e-2  # largest relative training residual of a compared network
ZERO = 1e-12
QUICK = ("quick", "standard")

CLAIMS = (
    Claim("LT1", "Weights move like 1/alpha", "arXiv:1812.07956", "log-log slope -1, alpha >= 10", ".05", QUICK),
    Claim("LT2", "The kernel freezes", "arXiv:1812.07956", "relative change falling, alpha >= 10", "<= .05", QUICK),
    Claim("LT3", "Predictions become linear", "arXiv:1812.07956", "rms gap 0 at alpha = 100; 1000", ".05; .01", QUICK),
    Claim("LT4", "Rich beats lazy on the teacher", "arXiv:1812.07956", "test MSE at alpha = .01 over linearised < 1", "<= .3", QUICK),
    Claim("LT5", "Error rises with alpha", "arXiv:1812.07956", "Spearman 1", ">= .95", QUICK),
    Claim("LT6", "Fair comparison", "method", "relative train residuals equal", "<= 1e-2"),
    Claim("LT7", "Zero start", "symmetrised pairs", "max |h(w0)| = 0", "1e-12"),
)  # fmt: skip


def _trained(judge: Callable[[LazyTraining], Judgement]) -> Callable[[LazyTraining], Judgement]:
    """Wait until every output scale has been trained."""
    return lambda run: judge(run) if run.trained else pending("when every alpha has finished")


def _needs(scales: str) -> Judgement:
    return not_applicable(f"needs {scales} among the output scales")


def _moves(run: LazyTraining) -> Judgement:
    lazy = run.alphas >= LAZY
    if lazy.sum() < 2:
        return _needs("two alpha >= 10")
    change = run.latest("weight-change", run.scales).mean(1)[lazy]
    slope = float(np.polyfit(np.log(run.alphas[lazy]), np.log(change), 1)[0])
    return decided(abs(slope + 1) <= SLOPE, slope, f"{int(lazy.sum())} scales", predicted=-1.0)


def _freezes(run: LazyTraining) -> Judgement:
    lazy = run.alphas >= LAZY
    if lazy.sum() < 2:
        return _needs("two alpha >= 10")
    change = run.latest("kernel-change", run.scales).mean(1)[lazy]
    steepest = float(np.diff(change).max())
    pairs = [f"{value:.2g} at {alpha:g}" for alpha, value in zip(run.alphas[lazy], change, strict=True)]
    holds = steepest < 0 and bool(change.max() <= FROZEN)
    return decided(holds, float(change.max()), ", ".join(pairs), predicted="falling", values={"least fall": -steepest})


def _linear(run: LazyTraining) -> Judgement:
    found = [_at(run, "gap", alpha) for alpha, _ in GAPS]
    gaps = [value for value in found if value is not None]
    if len(gaps) < len(GAPS):
        return _needs("alpha 100 and 1000")
    holds = all(value <= limit for value, (_, limit) in zip(gaps, GAPS, strict=True))
    values = {"gap at 100": gaps[0], "gap at 1000": gaps[1]}
    measured = "; ".join(f"{value:.3g}" for value in gaps)
    return decided(holds, measured, "on test points, after the same steps", predicted="0; 0", values=values)


def _rich(run: LazyTraining) -> Judgement:
    rich, limit = _at(run, "test-error", RICH), float(np.mean([student.limit_error for student in run.students_of(run.config.m)]))
    if rich is None:
        return _needs("alpha 0.01")
    values = {"rich": rich, "linearised": limit}
    return decided(rich / limit <= SHARE, rich / limit, f"{rich:.3g} against {limit:.3g}", predicted="< 1", values=values)


def _rises(run: LazyTraining) -> Judgement:
    if len(run.alphas) < 3:
        return _needs("three alpha")
    from scipy.stats import spearmanr

    found = float(spearmanr(run.alphas, run.latest("test-error", run.scales).mean(1)).statistic)
    return decided(found >= MONOTONE, found, f"{len(run.alphas)} scales", predicted=1.0)


def _fair(run: LazyTraining) -> Judgement:
    residuals = run.latest("train-residual", run.scales)  # (scales, seeds)
    row, place = np.unravel_index(int(np.argmax(residuals)), residuals.shape)
    worst, seeds = float(residuals[row, place]), len(run.seeds)
    where = f"worst at alpha {run.alphas[row]:g}" + (f", seed {place + 1} of {seeds}" if seeds > 1 else "")
    return decided(worst <= RESIDUAL, worst, where, predicted="equal", values={"alpha": float(run.alphas[row])})


def _starts_from_zero(run: LazyTraining) -> Judgement:
    return decided(run.start <= ZERO, run.start, "all students, train and test points", predicted=0.0)


def _at(run: LazyTraining, quantity: str, alpha: float) -> float | None:
    """A quantity at one output scale, averaged over the seeds; None when the scale is not among them."""
    found = np.flatnonzero(np.isclose(run.alphas, alpha))
    return float(run.latest(quantity, run.scales).mean(1)[found[0]]) if found.size else None


JUDGES: Judges[LazyTraining] = {
    "LT1": _trained(_moves), "LT2": _trained(_freezes), "LT3": _trained(_linear), "LT4": _trained(_rich), "LT5": _trained(_rises),
    "LT6": _trained(_fair), "LT7": _starts_from_zero,
}  # fmt: skip
