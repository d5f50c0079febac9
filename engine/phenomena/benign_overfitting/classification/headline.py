"""The headline of task classification: error and risk at the largest n beside their theory, and where support vectors proliferate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled
from engine.phenomena.benign_overfitting.classification.problems import FEWER, LARGE

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.study import Classification


def clauses(study: Classification, known: Known) -> Iterator[str]:
    """Error and risk at the middle q, then the transition, then how they go with n."""
    at = f"at n={study.sizes[-1]:,}, q={study.chosen:g}"
    if not known.has("class_error"):
        error, risk = known.percent("class_error_theory"), known.number("regression_risk_theory")
        yield f"{at}: theory expects classification error {error} and regression risk {risk} of null"
        return
    yield f"{at}: classification error {known.percent('class_error')}, regression risk {known.number('regression_risk')} of null"
    if known.has("half_point"):
        half, law = known.number("half_point"), known.number("half_point_theory")
        yield f"half of draws have support vectors alone at d = {half} n ln n, theory {law}"
    if known.has("class_error_slope", "regression_risk_slope"):
        yield f"with n the error {_with_n(known, 'class_error_slope')}"
        yield f"the regression risk {_with_n(known, 'regression_risk_slope')}"
    done, total = study.draws.done, study.draws.count
    drawn = f"{done:,} of {total:,} draws" if done < total else f"{done:,} draws"
    yield f"{drawn}, one in {FEWER} of them of q and of n above {LARGE}"
    yield from pooled(study.seeds)


def _with_n(known: Known, name: str) -> str:
    """Which way a slope goes, and its value."""
    return f"{'falls' if known.value(name) < 0 else 'grows'} (n^{known.number(name)})"
