"""The headline of task classification: error and risk at the largest n beside their theory, and where support vectors proliferate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled

if TYPE_CHECKING:
    from engine.phenomena.benign_overfitting.classification.study import Classification


def clauses(study: Classification, known: Known) -> Iterator[str]:
    """The middle q first, then how it goes with n, then the transition."""
    at = f"q = {study.chosen:g}, n = {study.sizes[-1]:,}"
    if not known.has("class_error"):
        error, risk = known.percent("class_error_theory"), known.number("regression_risk_theory")
        yield f"{at}: theory expects classification error {error} and regression risk {risk} of null"
        return
    slopes = ("class_error_slope", "regression_risk_slope")
    error, risk = (f" ~ n^{known.number(name)}" if known.has(*slopes) else "" for name in slopes)
    several = len(study.seeds) > 1  # then every number has a range, and slopes need a clause of their own
    errors, risks = ("", "") if several else (error, risk)
    yield f"{at}: error {known.percent('class_error')}{errors}, regression risk {known.number('regression_risk')}{risks}"
    if several and error:
        yield f"error{error}, risk{risk}"
    if known.has("half_point"):
        half, law = known.number("half_point"), known.number("half_point_theory")
        yield f"half of the draws have support vectors alone at d = {half} n ln n, theory {law}"
    done, total = study.draws.done, study.draws.count
    yield f"{done:,} of {total:,} draws" if done < total else f"{done:,} draws"
    yield from pooled(study.seeds)
