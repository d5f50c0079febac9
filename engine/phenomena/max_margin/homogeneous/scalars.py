"""The scalars of study homogeneous, per seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, event, found

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.homogeneous.study import Activation, Homogeneous

NAMES = {"relu": "ReLU network", "identity": "linear network"}
TOLD = {
    "fit_step": "first step with a summed loss below log 2", "growth": "margin over that at loss log 2",
    "net_margin": "min q/|theta|^2 at its last step", "smoothed_fall": "largest relative fall of the smoothed margin after fitting",
    "slackness": "slackness at its last step", "motion": "1 - cos of theta and its update over the last 200 steps",
    "test_error": "test error at its last step",
}  # fmt: skip
LOGARITHMIC = ("fit_step", "smoothed_fall", "slackness", "motion")
SCALARS = (
    *(Scalar(f"{act}_{name}", f"{label}, {of}", "steps" if name == "fit_step" else "", log=name in LOGARITHMIC)
      for act, of in NAMES.items() for name, label in TOLD.items()),
    Scalar("identity_svm_ratio", "margin over half the SVM's, linear network"),
)  # fmt: skip


def _of_network(act: str, read: Callable[[Homogeneous, Activation], Answer]) -> Callable[[MaxMargin], Answer]:
    def answer(run: MaxMargin) -> Answer:
        study = run.homogeneous
        if study is None:
            return absent("needs study homogeneous")
        setting = next((one for one in study.settings if one.name == act), None)
        return absent(f"needs act {act} or both") if setting is None else read(study, setting)

    return answer


def _fit(study: Homogeneous, setting: Activation) -> Answer:
    return event(study.fitted_at(setting), study.step >= study.total, study.step)


def _after_fit(read: Callable[[Homogeneous, Activation], np.ndarray]) -> Callable[[Homogeneous, Activation], Answer]:
    def answer(study: Homogeneous, setting: Activation) -> Answer:
        values = read(study, setting)
        if np.isfinite(values).any():
            return found(values)
        return absent("needs more steps: the labels are not fitted") if study.step >= study.total else PENDING

    return answer


def _ratio(study: Homogeneous, setting: Activation) -> Answer:
    return found(study.ratios(setting), "no hyperplane separates the labels")


def _motion(study: Homogeneous, setting: Activation) -> Answer:
    return found(study.motions(setting), "needs 200 steps") if study.step >= study.total or study.step >= 200 else PENDING


READ: dict[str, Callable[[Homogeneous, Activation], Answer]] = {
    "fit_step": _fit,
    "growth": _after_fit(lambda study, setting: study.growth(setting)),
    "net_margin": lambda study, setting: found([one[-1] for one in study.margins(setting)]),
    "smoothed_fall": _after_fit(lambda study, setting: study.falls(setting)),
    "slackness": _after_fit(lambda study, setting: study.slackness(setting)),
    "motion": _motion,
    "test_error": lambda study, setting: found(study.test_errors(setting)),
}
READERS: Readers[MaxMargin] = {
    **{f"{act}_{name}": _of_network(act, read) for act in NAMES for name, read in READ.items()},
    "identity_svm_ratio": _of_network("identity", _ratio),
}
