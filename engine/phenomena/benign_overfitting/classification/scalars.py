"""The scalars of task classification: of the largest n and the middle q, of each seed's own draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.study import Classification
    from engine.phenomena.benign_overfitting.experiment import BenignOverfitting

SCALARS = (
    Scalar("sv_fraction", "share of positive duals at the largest n, c nearest to 2"),
    Scalar("sv_fraction_theory", "share of positive duals there, by the exact law"),
    Scalar("half_point", "d/(n ln n) at which half of the draws have support vectors alone, largest n"),
    Scalar("half_point_theory", "d/(n ln n) at which half of all draws have, by exp(-E)"),
    Scalar("class_error", "classification error at the largest n, middle q"),
    Scalar("class_error_theory", "classification error there, by the deterministic equivalent"),
    Scalar("class_error_slope", "log-log slope of mean classification error over n, middle q"),
    Scalar("regression_risk", "regression risk over null at the largest n, middle q"),
    Scalar("regression_risk_theory", "regression risk over null there, by the deterministic equivalent"),
    Scalar("regression_risk_slope", "log-log slope of mean regression risk over n, middle q"),
    Scalar("class_error_least_q", "classification error at the largest n, least q"),
    Scalar("regression_risk_least_q", "regression risk over null at the largest n, least q"),
    Scalar("class_error_most_q", "classification error at the largest n, largest q"),
    Scalar("regression_risk_most_q", "regression risk over null at the largest n, largest q"),
)
NEEDED, SIZES, CROSSING = "needs task classification", "needs two sizes n", "no crossing of one half between the values of c"


def _each(read: Callable[[Classification, int], float], otherwise: str = "pending") -> Callable[[BenignOverfitting], Answer]:
    """One number a seed, of its own draws."""

    def answer(run: BenignOverfitting) -> Answer:
        study = run.classification
        if study is None:
            return absent(NEEDED)
        return found([read(study, seed) for seed in range(len(study.seeds))], otherwise) if study.draws.done else PENDING

    return answer


def _known(read: Callable[[Classification], float]) -> Callable[[BenignOverfitting], Answer]:
    """One number of theory."""
    return lambda run: absent(NEEDED) if run.classification is None else found(read(run.classification))


def _mean(column: str, which: int | None = None, place: int = -1) -> Callable[[Classification, int], float]:
    """The mean of a column of a q, by its rank or the middle one, at an n by its rank, over one seed's draws."""

    def read(study: Classification, seed: int) -> float:
        q = study.chosen if which is None else study.shares[which]
        draws = study.drawn(column, study.curve(q)[place], seed)
        return float(draws.mean()) if len(draws) else np.nan

    return read


def _slope(column: str) -> Callable[[Classification, int], float]:
    def read(study: Classification, seed: int) -> float:
        means = np.array([_mean(column, place=place)(study, seed) for place in range(len(study.sizes))])
        if len(means) < 2 or not (means > 0).all():
            return np.nan
        return float(np.polyfit(np.log(study.sizes), np.log(means), 1)[0])

    return read


def _positive(study: Classification, seed: int) -> float:
    draws = study.positive(study.anchor, seed)
    return float(draws.mean()) if len(draws) else np.nan


def _positive_theory(study: Classification) -> float:
    return 1 - float(study.expected[study.isotropic.index(study.anchor)]) / study.anchor.n


def _theory(column: str) -> Callable[[BenignOverfitting], Answer]:
    return _known(lambda study: study.theory(column, study.curve(study.chosen)[-1]))


READERS: Readers[BenignOverfitting] = {
    "sv_fraction": _each(_positive),
    "sv_fraction_theory": _known(_positive_theory),
    "half_point": _each(lambda study, seed: study.half_point(study.sizes[-1], seed), CROSSING),
    "half_point_theory": _known(lambda study: study.half_theory(study.sizes[-1])),
    "class_error": _each(_mean("error")),
    "class_error_theory": _theory("error"),
    "class_error_slope": _each(_slope("error"), SIZES),
    "regression_risk": _each(_mean("risk")),
    "regression_risk_theory": _theory("risk"),
    "regression_risk_slope": _each(_slope("risk"), SIZES),
    "class_error_least_q": _each(_mean("error", 0)),
    "regression_risk_least_q": _each(_mean("risk", 0)),
    "class_error_most_q": _each(_mean("error", -1)),
    "regression_risk_most_q": _each(_mean("risk", -1)),
}
