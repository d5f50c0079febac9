"""The scalars of study mirror."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin
    from engine.phenomena.max_margin.mirror.study import Mirror

SCALARS = (
    Scalar("mirror_margin", "largest l_2 margin of study mirror's points", log=True),
    Scalar("mirror_share", "margin in own norm over the largest, the least of the exponents"),
    Scalar("mirror_lead", "lead of each exponent in its own norm, the least"),
    Scalar("mirror_svm_distance", "distance of the dual's best l_2 direction from the SVM's", log=True),
)


def _of_mirror(read: Callable[[Mirror], Answer]) -> Callable[[MaxMargin], Answer]:
    def answer(run: MaxMargin) -> Answer:
        return absent("needs study mirror") if run.mirror is None else read(run.mirror)

    return answer


def _share(study: Mirror) -> Answer:
    return found(np.einsum("sii->si", study.matrix()).min(axis=1)) if study.step else PENDING


def _lead(study: Mirror) -> Answer:
    if len(study.settings) == 1:
        return absent("needs two exponents")
    return found(study.leads().min(axis=1)) if study.step else PENDING


READERS: Readers[MaxMargin] = {
    "mirror_margin": _of_mirror(lambda study: found([one.svm.margin for one in study.problems])),
    "mirror_share": _of_mirror(_share),
    "mirror_lead": _of_mirror(_lead),
    "mirror_svm_distance": _of_mirror(lambda study: found([one.svm_distance for one in study.problems])),
}
