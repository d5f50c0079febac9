"""The headline of study homogeneous: when the labels were fitted, how much the margin has grown since, and what the linear network has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled, step, when, written
from engine.phenomena.max_margin.homogeneous.two_layer import FIRST_STEP

if TYPE_CHECKING:
    from engine.phenomena.max_margin.homogeneous.study import Homogeneous


def clauses(study: Homogeneous, known: Known) -> Iterator[str]:
    """Of every network: fitted when; its margin since."""
    for setting in study.settings:
        said = when(setting.label, "fitted", study.fitted_at(setting), study.step)
        if known.has(f"{setting.name}_growth"):
            said += f", margin {known.number(f'{setting.name}_growth')} times that at fit by step {step([study.step])}"
        yield said
        if setting.name == "identity" and known.has("identity_svm_ratio"):
            yield f"that is {known.percent('identity_svm_ratio')} of the most it can have, half the SVM's"
    if known.has("relu_motion"):
        yield f"ReLU: 1 - cos of theta and its motion {known.number('relu_motion')}"
    yield f"steps at a rate of at most {written(FIRST_STEP)}/loss"
    yield from pooled(study.seeds)
