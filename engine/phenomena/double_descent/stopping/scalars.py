"""The scalars of early stopping: ratios along the path and at the best, best times and risks; seed by seed over its draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.stopping.study import EarlyStopping
    from engine.theory.inputs import Floats

OF = "chosen spectrum, d nearest to n"
SCALARS = (
    Scalar("largest_stop_ratio", "early stopping's risk over ridge's at 1/t, largest of all paths"),
    Scalar("largest_best_ratio", "best early stopping's risk over best ridge's, largest of all draws"),
    Scalar("stop_ratio", f"risk over ridge's at 1/t, largest of the mean path; {OF}"),
    Scalar("best_stop", f"time t at which the mean path is best stopped; {OF}", log=True),
    Scalar("best_flow_risk", f"excess risk there; {OF}", log=True),
    Scalar("best_ridge_risk", f"excess risk of the best ridge; {OF}", log=True),
)  # fmt: skip


def _of_draws(read: Callable[[EarlyStopping], list[float]], otherwise: str = "not a finite number") -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        if run.stopping is None:
            return absent("needs study early-stopping")
        return found(read(run.stopping), otherwise) if run.stopping.draws.done else PENDING

    return answer


def _largest(study: EarlyStopping, values: list[Floats]) -> list[float]:
    """The largest of values, problem by problem (draws,), of each seed."""
    seeds = study.by_seed(np.stack(values, axis=1))
    return [float(own.max()) if len(own) else np.nan for own in seeds]


def _means(study: EarlyStopping, read: Callable[[Floats, Floats], float]) -> list[float]:
    """Read each seed's mean paths, flow's and ridge's (times,)."""
    along = study.paths(study.shown)
    pairs = zip(study.by_seed(along.flow), study.by_seed(along.ridge), strict=True)
    return [read(flow.mean(axis=0), ridge.mean(axis=0)) if len(flow) else np.nan for flow, ridge in pairs]


def _ratio(flow: Floats, ridge: Floats) -> float:
    return float((flow[ridge > 0] / ridge[ridge > 0]).max(initial=1.0))


READERS: Readers[DoubleDescent] = {
    "largest_stop_ratio": _of_draws(lambda study: _largest(study, [study.largest(one) for one in study.problems])),
    "largest_best_ratio": _of_draws(
        lambda study: _largest(study, [study.best_ratio(one) for one in study.problems]), "the best risk is 0: needs sigma and r2 above 0"
    ),
    "stop_ratio": _of_draws(lambda study: _means(study, _ratio)),
    "best_stop": _of_draws(lambda study: _means(study, lambda flow, _: float(study.shown.times[flow.argmin()]))),
    "best_flow_risk": _of_draws(lambda study: _means(study, lambda flow, _: float(flow.min()))),
    "best_ridge_risk": _of_draws(lambda study: _means(study, lambda _, ridge: float(ridge.min()))),
}  # fmt: skip
