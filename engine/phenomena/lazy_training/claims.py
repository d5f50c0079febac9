"""The claims of lazy training: what each says, its tolerance, and how the trained networks decide it.

Chizat, Oyallon, Bach 2019, arXiv:1812.07956. With several seeds, quantities are means over them; LT6 and LT7 take the worst.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Verdict
from engine.transition import old_verdict

Floats = NDArray[np.float64]

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


@dataclass(frozen=True)
class Evidence:
    """What the networks of width m show.

    alphas: (A,) rising; table: quantity -> (A, seeds); limit: (seeds,) test MSE of the linearised limit; start: largest |h(w0)|;
    over: whether every one of them has finished.
    """

    alphas: Floats
    table: Mapping[str, Floats]
    limit: Floats
    start: float
    over: bool

    def mean(self, name: str) -> Floats:
        """A quantity averaged over the seeds, (A,)."""
        return np.asarray(self.table[name].mean(1))

    def at(self, name: str, alpha: float) -> float | None:
        """The same at one output scale; None when it is not among them."""
        found = np.flatnonzero(np.isclose(self.alphas, alpha))
        return float(self.mean(name)[found[0]]) if found.size else None


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Decide a claim; undecided, with the reason, while it cannot be."""
    if claim.id == "LT7":
        return old_verdict(claim, 0.0, evidence.start, evidence.start <= ZERO, "all students, train and test points")
    if not evidence.over:
        return old_verdict(claim, claim.prediction, None, None, "when every alpha has finished")
    return JUDGES[claim.id](claim, evidence)


def _open(claim: Claim, need: str) -> Verdict:
    return old_verdict(claim, claim.prediction, None, None, f"needs {need} among the output scales")


def _moves(claim: Claim, evidence: Evidence) -> Verdict:
    lazy = evidence.alphas >= LAZY
    if lazy.sum() < 2:
        return _open(claim, "two alpha >= 10")
    slope = float(np.polyfit(np.log(evidence.alphas[lazy]), np.log(evidence.mean("weight-change")[lazy]), 1)[0])
    return old_verdict(claim, -1.0, slope, abs(slope + 1) <= SLOPE, f"{int(lazy.sum())} scales")


def _freezes(claim: Claim, evidence: Evidence) -> Verdict:
    lazy = evidence.alphas >= LAZY
    if lazy.sum() < 2:
        return _open(claim, "two alpha >= 10")
    change = evidence.mean("kernel-change")[lazy]
    falls = bool(np.all(np.diff(change) < 0))
    pairs = [f"{value:.2g} at {alpha:g}" for alpha, value in zip(evidence.alphas[lazy], change, strict=True)]
    return old_verdict(claim, "falling", float(change.max()), falls and bool(change.max() <= FROZEN), ", ".join(pairs))


def _linear(claim: Claim, evidence: Evidence) -> Verdict:
    found = [evidence.at("gap", alpha) for alpha, _ in GAPS]
    gaps = [value for value in found if value is not None]
    if len(gaps) < len(GAPS):
        return _open(claim, "alpha 100 and 1000")
    holds = all(value <= limit for value, (_, limit) in zip(gaps, GAPS, strict=True))
    return old_verdict(claim, "0; 0", "; ".join(f"{value:.3g}" for value in gaps), holds, "on test points, after the same steps")


def _rich(claim: Claim, evidence: Evidence) -> Verdict:
    rich, limit = evidence.at("test-error", RICH), float(evidence.limit.mean())
    if rich is None:
        return _open(claim, "alpha 0.01")
    return old_verdict(claim, "< 1", rich / limit, rich / limit <= SHARE, f"{rich:.3g} against {limit:.3g}")


def _rises(claim: Claim, evidence: Evidence) -> Verdict:
    if len(evidence.alphas) < 3:
        return _open(claim, "three alpha")
    from scipy.stats import spearmanr

    found = float(spearmanr(evidence.alphas, evidence.mean("test-error")).statistic)
    return old_verdict(claim, 1.0, found, found >= MONOTONE, f"{len(evidence.alphas)} scales")


def _fair(claim: Claim, evidence: Evidence) -> Verdict:
    table = evidence.table["train-residual"]
    row, place = np.unravel_index(int(np.argmax(table)), table.shape)
    worst = float(table[row, place])
    where = f"worst at alpha {evidence.alphas[row]:g}" + (f", seed {place + 1} of {table.shape[1]}" if table.shape[1] > 1 else "")
    return old_verdict(claim, "equal", worst, worst <= RESIDUAL, where)


JUDGES: dict[str, Callable[[Claim, Evidence], Verdict]] = {
    "LT1": _moves, "LT2": _freezes, "LT3": _linear, "LT4": _rich, "LT5": _rises, "LT6": _fair,
}  # fmt: skip
