"""The headline of task classification: error and risk at the largest n beside their theory, and where support vectors proliferate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.study import Classification


def clauses(study: Classification, known: Known) -> Iterator[str]:
    """Error and risk at the middle q, then the transition, then how they go with n."""
    at = f"q={study.chosen:g}, n={study.sizes[-1]:,}"
    if not known.has("class_error"):
        error, risk = known.percent("class_error_theory"), known.number("regression_risk_theory")
        yield f"{at}: theory expects classification error {error} and regression risk {risk} of null"
        return
    errors = f"classification error {known.percent('class_error')}{_way(known, 'class_error_slope')}"
    yield f"{at}: {errors}, regression risk {known.number('regression_risk')}{_way(known, 'regression_risk_slope')}"
    if known.has("half_point"):
        half, law = known.number("half_point"), known.number("half_point_theory")
        yield f"all are support vectors in half of the draws at d = {half} n ln n, theory {law}"
    if known.has("class_error_slope", "regression_risk_slope"):
        yield f"error ~ n^{known.number('class_error_slope')}, risk ~ n^{known.number('regression_risk_slope')}"
    done, total = study.draws.done, study.draws.count
    yield f"{done:,} of {total:,} draws" if done < total else f"{done:,} draws"
    yield from pooled(study.seeds)


def _way(known: Known, slope: str) -> str:
    """Which way a quantity goes with n, in brackets; empty where one size n says nothing of it."""
    return (" (falls)" if known.value(slope) < 0 else " (grows)") if known.has(slope) else ""
