"""The headline of study homogeneous: when the labels were fitted, how much the margin has grown since, and what the linear network has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, pooled, step, when

if TYPE_CHECKING:
    from engine.phenomena.max_margin.homogeneous.study import Homogeneous


def clauses(study: Homogeneous, known: Known) -> Iterator[str]:
    """Of every network: fitted when; its margin since, of the linear one as a share of its limit."""
    for setting in study.settings:
        growth, fitted = f"{setting.name}_growth", study.fitted_at(setting)
        if setting.name == "identity" and known.has(growth, "identity_svm_ratio"):
            yield f"{setting.label}'s: {known.percent('identity_svm_ratio')} of its limit, half the SVM's"
        elif known.has(growth) and np.isfinite(fitted).all():
            at = f"margin at step {step([study.step])}"
            yield f"{setting.label}: {at} is {known.number(growth)} times that at the fit (step {step(fitted)})"
        else:
            yield when(setting.label, "fitted", fitted, study.step)
    yield from pooled(study.seeds)
