"""The headline of study homogeneous: when the labels were fitted, how much the margin has grown since, and what the linear network has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled, step, when

if TYPE_CHECKING:
    from engine.phenomena.max_margin.homogeneous.study import Homogeneous


def clauses(study: Homogeneous, known: Known) -> Iterator[str]:
    """Of every network: fitted when; its margin since."""
    for setting in study.settings:
        fitted = study.fitted_at(setting)
        yield when(setting.label, "fitted", fitted, study.step)
        if known.has(f"{setting.name}_growth"):
            grown = known.number(f"{setting.name}_growth")
            yield f"{setting.short} margin {grown} times as wide at step {step([study.step])} as when fitted"
        if setting.name == "identity" and known.has("identity_svm_ratio"):
            yield f"linear margin {known.percent('identity_svm_ratio')} of half the SVM's"
    if known.has("relu_motion"):
        yield f"ReLU's motion within 1 - cos = {known.number('relu_motion')} of its weights"
    yield from pooled(study.seeds)
