"""The headline of task classification: error and risk at the largest n beside their theory, and where support vectors proliferate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.study import Classification


def clauses(study: Classification, known: Known) -> Iterator[str]:
    """Error and risk at the middle q, then the transition, then how they go with n."""
    at, n = f"q={study.chosen:g}", f"n={study.sizes[-1]:,}"
    if not known.has("class_error"):
        error, risk = known.number("class_error_theory"), known.number("regression_risk_theory")
        yield f"{at}, {n}: theory expects classification error {error} and regression risk {risk} of null"
        return
    error = f"classification error {_way(known, 'class_error_slope')} {known.number('class_error')}"
    yield f"{at}: {error}, regression risk {_way(known, 'regression_risk_slope')} {known.number('regression_risk')}"
    if known.has("half_point"):
        yield f"half of the draws have support vectors alone at d = {known.number('half_point')} n ln n ({n})"
    if known.has("class_error_slope", "regression_risk_slope"):
        yield f"error ~ n^{known.number('class_error_slope')}, risk ~ n^{known.number('regression_risk_slope')}"
    done, total = study.draws.done, study.draws.count
    yield f"{done:,} of {total:,} draws" if done < total else f"{done:,} draws"
    yield from pooled(study.seeds)


def _way(known: Known, slope: str) -> str:
    """Which way a quantity goes with n; one size n says nothing of it."""
    return ("falls to" if known.value(slope) < 0 else "grows to") if known.has(slope) else "is"
