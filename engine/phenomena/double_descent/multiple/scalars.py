"""The scalars of multiple descent: peaks along n, the error at n = d, what the best ridge leaves, how far theory is off; seed by seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.double_descent.study import by_seed
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.multiple.study import MultipleDescent
    from engine.theory.inputs import Floats

SCALARS = (
    Scalar("sample_peaks", "ends of blocks at which median test MSE peaks over n", "peaks", whole=True),
    Scalar("least_peak_ratio", "least median test MSE at the end of a block, over the valley before it", log=True),
    Scalar("risk_at_d", "median test MSE of min-norm at n = d", log=True),
    Scalar("tuned_at_d", "median test MSE of the best ridge at n = d", log=True),
    Scalar("tuned_rise", "largest rise of the best ridge's test MSE from one n to the next, over the draws"),
    Scalar("theory_error", "median over n of the relative error of theory", log=True),
)  # fmt: skip


def _of_study(read: Callable[[MultipleDescent], Answer]) -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        return absent("needs study multiple-descent") if run.multiple is None else read(run.multiple)

    return answer


def _of_draws(
    read: Callable[[MultipleDescent, Floats, Floats], float], otherwise: str = "not a finite number"
) -> Callable[[DoubleDescent], Answer]:
    """Read each seed's draws: test MSE of the shortest fit and of the best ridge, (draws, k) each."""

    def answer(study: MultipleDescent) -> Answer:
        if not study.draws.done:
            return PENDING
        count = len(study.seeds)
        pairs = zip(by_seed(study.risks(), count), by_seed(study.draws["tuned"], count), strict=True)
        return found([read(study, risks, tuned) if len(risks) else np.nan for risks, tuned in pairs], otherwise)

    return _of_study(answer)


def _at_d(study: MultipleDescent, values: Floats) -> float:
    return float(np.median(values[:, study.problem.n == max(study.problem.d, 2)]))


def _least_ratio(study: MultipleDescent, risks: Floats, _: Floats) -> float:
    middle = np.median(risks, axis=0)
    return min((float(middle[end] / middle[valley]) for valley, end in study.at_ends() if middle[valley] > 0), default=np.nan)


def _error(study: MultipleDescent, risks: Floats, _: Floats) -> float:
    expected = study.problem.expected
    known = np.isfinite(expected) & (expected > 0)
    return float(np.median(np.abs(risks.mean(axis=0)[known] / expected[known] - 1)))


READERS: Readers[DoubleDescent] = {
    "sample_peaks": _of_draws(lambda study, risks, _: float(len(study.peaks(risks)))),
    "least_peak_ratio": _of_draws(_least_ratio, "theory has no valley before the end of a block"),
    "risk_at_d": _of_draws(lambda study, risks, _: _at_d(study, risks)),
    "tuned_at_d": _of_draws(lambda study, _, tuned: _at_d(study, tuned)),
    "tuned_rise": _of_draws(lambda _study, _, tuned: float(np.diff(tuned, axis=1).max())),
    "theory_error": _of_draws(_error),
}  # fmt: skip
