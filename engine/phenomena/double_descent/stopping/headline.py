"""The headline of early stopping: how much worse than ridge flow ever is, along its path and best against best, beside both bounds.

Ali, Kolter, Tibshirani 2019, arXiv:1810.10082.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, written
from engine.theory.linear_models.early_stopping import BEST_BOUND, RATIO_BOUND

if TYPE_CHECKING:
    from engine.phenomena.double_descent.stopping.study import EarlyStopping


def clauses(study: EarlyStopping, known: Known) -> Iterator[str]:
    """The largest ratio that is drawn, of the shown spectrum, and best against best of all problems, over the draws so far of all seeds."""
    done, count, measured = study.draws.done, study.draws.count, study.measured()
    if not done:
        yield f"theory: early stopping has at most {RATIO_BOUND:.3f} times ridge's risk at lam = 1/t, best against best {BEST_BOUND:.3f}"
        return
    yield f"early stopping: at most {written(study.largest_drawn())} times ridge's risk at lam = 1/t (bound {RATIO_BOUND:.3f})"
    if "best-ratio" in measured:
        yield f"at its best: {written(measured['best-ratio'])} times the best ridge's (bound {BEST_BOUND:.3f})"
    if known.has("best_stop", "best_flow_risk"):
        yield f"at d = {study.shown.d} best at t = {known.number('best_stop')}: risk {known.number('best_flow_risk')}"
    yield f"{done:,} draw{'s' * (done != 1)} so far" if done < count else f"{count:,} draw{'s' * (count != 1)}"
